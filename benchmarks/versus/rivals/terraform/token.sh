# Print a JWT for the app in the environment.
encoded() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
now=$(date +%s)
claims=$(printf '{"sub":"terraform","appId":"%s","jti":"%s","exp":%d}' "$KORE_CLIENT_ID" "$(openssl rand -hex 16)" $((now + 3000)))
signed="$(printf '{"alg":"HS256","typ":"JWT"}' | encoded).$(printf '%s' "$claims" | encoded)"
printf '%s.%s' "$signed" "$(printf '%s' "$signed" | openssl dgst -sha256 -hmac "$KORE_CLIENT_SECRET" -binary | encoded)"
