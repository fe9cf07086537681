# What the provisioner runs for one list.
sh call.sh PUT "$LIST_ID" "$BODY" | grep -q '"status": *"success"'
