package mtasts

import "stsscan/internal/codes"

// countedSenders is how many parsers were given policies with each oddity. docs/lenient.md has their names and
// versions, and what follows.
const countedSenders = 7

// notCounted is the number for an oddity that no counted policy has.
const notCounted = -1

// acceptedBy is how many of the counted senders use a policy in spite of an oddity against the letter of the
// RFC: the fewest, where several policies have it. A test compares this table and that of docs/lenient.md with
// the policies in testdata/senders.txt.
func acceptedBy(f codes.Finding) int {
	switch f {
	case codes.FindMXTrailingDot:
		return 6
	case codes.FindNotText, codes.FindExtensionInvalid, codes.FindMXSyntax, codes.FindMXSeveral,
		codes.FindMXUnderscore, codes.FindMXWildcard, codes.FindCarriageReturn, codes.FindTruncationPossible:
		return 5
	case codes.FindBlankLine, codes.FindMXAddress:
		return 4
	case codes.FindLeadingSpace, codes.FindMaxAgeOver:
		return 3
	case codes.FindMediaTypeOther, codes.FindMediaTypeMissing:
		return 2
	case codes.FindByteOrderMark, codes.FindFieldCase, codes.FindValueCase:
		return 1
	case codes.FindEmpty, codes.FindLineMalformed, codes.FindVersionMissing, codes.FindVersionInvalid,
		codes.FindModeMissing, codes.FindModeInvalid, codes.FindMaxAgeMissing, codes.FindMaxAgeInvalid,
		codes.FindMXMissing:
		return 0
	}
	return notCounted
}

// tolerated is the whole difference between the two readings: it reports whether most senders use a text in
// spite of an oddity against the letter of the RFC. Any other such oddity is an error in both readings.
func tolerated(f codes.Finding) bool {
	switch f {
	case // The record (section 3.1): no senders were counted.
		codes.FindRecordSpaceBeforeDelimiter, // "v=STSv1 ;", which the letter allows when it stands alone: erratum 6285
		codes.FindRecordExtraDelimiter,       // ";;"
		codes.FindRecordTrailingSpace:        // "id=1 "
		return true
	}
	return acceptedBy(f) > countedSenders/2
}

// ofResponse reports whether a finding about the response keeps a sender by the letter from using the policy in
// it: a sender SHOULD insist on text/plain (section 3.2), and on the whole body (RFC 9112, section 9.8).
func ofResponse(f codes.Finding) bool {
	switch f {
	case codes.FindMediaTypeOther, codes.FindMediaTypeMissing, codes.FindTruncationPossible:
		return true
	}
	return false
}
