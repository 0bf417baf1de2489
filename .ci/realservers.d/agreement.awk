# Compares what curl and openssl said with what is expected of rows, by the tables of
# docs/realservers.md. Reads that file, and then lines of domain, policy_stage:policy_reason
# or "valid", http_status, curl's answer, openssl's answer. Prints each difference that is
# not an exception, and each exception that is not a difference.
function trim(s) { gsub(/^ +| +$/, "", s); return s }
# holds reports whether an answer is one of those in a table.
function holds(said, wanted, status,   words, n, i) {
	n = split(wanted, words, / or /)
	for (i = 1; i <= n; i++) {
		sub(/status/, status, words[i])
		if (said == words[i]) return 1
	}
	return 0
}
FNR == NR {
	if (/^## /) exceptions = /Exceptions/
	n = split($0, cell, "|")
	for (i = 2; i < n; i++) cell[i] = trim(cell[i])
	if (n < 6 || cell[2] ~ /^(---|stage|case)$/) next
	if (exceptions) {
		except[cell[2]] = cell[3] "\t" cell[4]
		next
	}
	reasons = split(cell[3], reason, " ")
	for (i = 1; i <= reasons; i++) {
		curl[cell[2], reason[i]] = cell[4]
		openssl[cell[2], reason[i]] = cell[5]
	}
	next
}
FNR == 1 {
	FS = "\t"
	$0 = $0
}
{
	name = $1
	sub(/\.example\.com$/, "", name)
	split($2 == "valid" ? "-:-" : $2, end, ":")
	at = ((end[1], end[2]) in curl) ? end[1] SUBSEP end[2] : end[1] SUBSEP "*"
	agreed = (at in curl) && holds($4, curl[at], $3) && holds($5, openssl[at], $3)
	said = "curl " $4 ", openssl " $5
	if (!(name in except)) {
		if (!(at in curl))
			print $1 " is " $2 ": " said ", and no line of the table has that"
		else if (!agreed)
			print $1 " is " $2 ": " said ", not curl " curl[at] ", openssl " openssl[at]
		next
	}
	split(except[name], wanted, "\t")
	if (agreed)
		print $1 " is " $2 ": " said ", as of others: no exception any more"
	else if (!holds($4, wanted[1], $3) || !holds($5, wanted[2], $3))
		print $1 " is " $2 ": " said ", and the exception says curl " wanted[1] ", openssl " wanted[2]
	delete except[name]
}
END { for (name in except) print name ": an exception, and no case" }
