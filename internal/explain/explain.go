// Package explain says what a row of the table means and what to do about it. It writes the page that
// lookup shows of a domain: a mark for each check, what senders do (RFC 8461, sections 4 and 5), and what
// to change, with the section that requires it. It also writes the summary of a run, and lists the meanings
// of the table's words, which the report shows beside them.
//
// It asks no questions and judges nothing anew: a row and the counts of a run are all it reads.
package explain

import (
	"maps"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

//go:generate go test -run ^TestMeaningsFile$ -update .

// Meanings says what the words of rows mean, by set: the reasons of "record" and "tlsrpt", those of each stage of
// a retrieval ("tls" and so on), "verdict" and "finding". Words that explain themselves are left out.
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
