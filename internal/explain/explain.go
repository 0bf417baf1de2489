// Package explain says in words what a row of the table means and what to do about it:
// the page that lookup shows of one domain, with a mark for each check, what senders do
// (RFC 8461, sections 4 and 5) and what to change, each with the section that asks for it;
// and the meanings of the table's own words, which the report shows beside them.
//
// It knows a row and nothing else: it asks no question and judges nothing anew.
package explain

import (
	"maps"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

//go:generate go test -run ^TestMeaningsFile$ -update .

// Meanings says what the words of rows mean, by set: "record" has the reasons of a record, a
// stage (as "tls") the reasons of a policy that failed there, "tlsrpt" the reasons of a TLSRPT
// record, "verdict" and "finding" their own words. A word that explains itself is left out.
func Meanings() map[string]map[string]string {
	all := map[string]map[string]string{
		"record":  meanings(codes.RecordReasons(), recordMeaning),
		"tlsrpt":  meanings(codes.TLSRPTReasons(), tlsrptMeaning),
		"finding": meanings(codes.Findings(), findingMeaning),
		"verdict": meanings(codes.Verdicts(), func(v codes.Verdict) string {
			_, words := verdictMeaning(&output.Row{Verdict: string(v)})
			return words
		}),
	}
	for _, stage := range codes.Stages() {
		all[string(stage)] = meanings(codes.PolicyReasons(stage), func(r codes.PolicyReason) string {
			return policyMeaning(stage, r)
		})
	}
	return all
}

func meanings[Word ~string](set []Word, meaning func(Word) string) map[string]string {
	texts := make(map[string]string)
	for _, word := range set {
		texts[string(word)] = meaning(word)
	}
	maps.DeleteFunc(texts, func(_, text string) bool { return text == "" })
	return texts
}
