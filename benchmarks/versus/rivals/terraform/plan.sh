# Read all lists, and compare them in a plan.
TOKEN=$(sh token.sh)
export TOKEN
sh call.sh POST getAllListDetails >live.json || exit 1
exec terraform plan -input=false -no-color -detailed-exitcode
