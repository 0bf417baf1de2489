package explain

import (
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// askRecord is advice about the record, to the party that runs it where its alias leads to another domain.
func askRecord(row *output.Row, advice string) string {
	return ask(row, row.RecordDelegatedTo, row.HostDelegatedTo, advice)
}

// askHost is the same about the policy and its host.
func askHost(row *output.Row, advice string) string {
	return ask(row, row.HostDelegatedTo, row.RecordDelegatedTo, advice)
}

// ask names the party by its label where the map of providers knows it. The label of a row is about one of the two
// names: where they lead to different domains, which one is not known.
func ask(row *output.Row, to, other, advice string) string {
	if to == "" || advice == "" {
		return advice
	}
	if row.Provider != "" && (other == "" || other == to) {
		to = row.Provider
	}
	return "Ask " + to + ": " + lowered(advice)
}

// servedFinding reports whether a finding is about the text of the policy, or how its host serves it.
func servedFinding(f codes.Finding) bool {
	switch f {
	case codes.FindMediaTypeMissing, codes.FindMediaTypeOther, codes.FindTruncationPossible,
		codes.FindLengthAndTransferEncoding, codes.FindMaxAgeShort, codes.FindMXPatternUnused,
		codes.FindMXWildcardBroad, codes.FindMXNotALabel, codes.FindCertKeyShort:
		return true
	}
	return false
}

// lowered is a sentence as it goes on after a colon or semicolon.
func lowered(sentence string) string {
	return strings.ToLower(sentence[:1]) + sentence[1:]
}
