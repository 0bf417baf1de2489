# Compares rows with what is expected of them: lines of domain, record:record_reason,
# policy_stage:policy_reason or "valid", and words, separated by tabs. Prints a line
# for each difference: domain, tab, difference.
def agrees($want): . == $want or ($want | contains(":") | not) and (split(":")[0] == $want);
def text: if type == "array" then join(",") elif . == null then "" else tostring end;

INDEX(inputs; .domain) as $rows
| $expected | split("\n")[] | select(. != "") | split("\t") as [$domain, $record, $policy, $words]
| ($rows[$domain] // {}) as $row
| ([$row.record, $row.record_reason | values] | join(":")) as $got_record
| (if $row.policy == "valid" then "valid"
	else [$row.policy_stage, $row.policy_reason | values] | join(":")
	end) as $got_policy
| (
	($got_record | select(agrees($record) | not) | "record is \(.), not \($record)"),
	($got_policy | select(agrees($policy) | not) | "policy is \(.), not \($policy)"),
	($words | split(" ")[] | select(. != "")
	| . as $word | .[0:1] as $sign | .[1:] as $finding
	| if $sign == "+" then select($row.findings // [] | index($finding) | not) | "no finding \($finding)"
		elif $sign == "-" then select($row.findings // [] | index($finding)) | "finding \($finding)"
		else split("=") as [$column, $value] | $row[$column] | text
			| select(. != $value) | "\($column) is \(.), not \($value)"
		end)
)
| "\($domain)\t\(.)"
