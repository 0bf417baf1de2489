package explain

import (
	"maps"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// Places in the texts of [Remedies] for what they are about: the domain, MX hosts, and patterns of the policy.
const (
	placeDomain   = "{domain}"
	placeMX       = "{mx}"
	placePatterns = "{patterns}"
)

// Remedies says what lookup advises to change, by the sets of [Meanings] and one more, "mx", for a word about TLS at
// an MX host. Words that need no change are left out.
func Remedies() map[string]map[string]string {
	all := map[string]map[string]string{
		"record":  meanings(codes.RecordReasons(), recordRemedy),
		"finding": meanings(codes.Findings(), findingRemedy),
		"mx":      meanings(codes.STARTTLSs(), func(s codes.STARTTLS) string { return mxRemedy(s, codes.TLSOther) }),
	}
	all["record"][string(codes.RecordMultiple)] = recordAdvice(&output.Row{
		Domain: placeDomain, Record: string(codes.RecordMultiple),
	})
	maps.Copy(all["mx"], meanings(codes.PolicyReasons(codes.StageTLS), func(r codes.PolicyReason) string {
		return mxRemedy(codes.STARTTLSCertificate, codes.TLSError(r))
	}))
	for _, stage := range codes.Stages() {
		all[string(stage)] = meanings(codes.PolicyReasons(stage), func(r codes.PolicyReason) string {
			return policyAdvice(&output.Row{Domain: placeDomain, PolicyStage: string(stage), PolicyReason: string(r)})
		})
	}
	return all
}

// recordRemedy is about records that do not count. Where there never was one, there is nothing to mend.
func recordRemedy(r codes.RecordReason) string {
	row := &output.Row{Domain: placeDomain, Record: string(codes.RecordInvalid), RecordReason: string(r)}
	switch r {
	case codes.RecordBadVersion:
		row.Record = string(codes.RecordAbsent)
	case codes.RecordIDMissing, codes.RecordIDInvalid, codes.RecordIDTooLong, codes.RecordFieldMalformed,
		codes.RecordExtensionInvalid:
	default:
		return ""
	}
	return recordAdvice(row)
}

func findingRemedy(f codes.Finding) string {
	row := &output.Row{
		Domain: placeDomain, Findings: []string{string(f)}, MXUnused: []string{placePatterns},
		TLSRPT: string(codes.RecordValid),
	}
	switch {
	case slices.Contains(codes.ClientLimits(), f):
		row.PolicyStage = string(codes.StageTLS)
		return policyAdvice(row)
	case f == codes.FindMXNotCovered || f == codes.FindMXPartlyCovered:
		row.MXMatch = string(codes.MatchNone)
		const host = "mx.example.com" // whose place is no name of a host
		row.MX = []output.MXHost{{Host: host, Matched: new(false)}}
		return strings.ReplaceAll(coverageAdvice(row), host, placeMX)
	}
	return findingAdvice(f, row)
}

func mxRemedy(s codes.STARTTLS, e codes.TLSError) string {
	starttls, tlsError := string(s), string(e)
	return hostAdvice(&output.MXHost{Host: placeMX, STARTTLS: &starttls, TLSError: &tlsError})
}
