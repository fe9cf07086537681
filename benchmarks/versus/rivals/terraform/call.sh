# call.sh METHOD PATH [BODY]: one request; print the answer. curl tries again after 429, ever later.
base="$KORE_HOST/campaign/api/v2/public/$KORE_STREAM_ID/campaign/contactList"
curl --silent --show-error --fail --max-time 30 --retry 7 --request "$1" "$base/$2?type=call&accountId=$KORE_ACCOUNT_ID" \
	--header "auth: $TOKEN" --header "iid: $KORE_STREAM_ID" --header "accountId: $KORE_ACCOUNT_ID" \
	--header "Content-Type: application/json" ${3:+--data "$3"}
