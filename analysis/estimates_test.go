package main

import (
	"slices"
	"strconv"
	"strings"
)

// An estimate is a count that a question gives, and how it follows from the truth.
type estimate struct {
	query string
	by    []string               // columns that name the group
	count string                 // column that counts it
	group func(t truth) []string // the groups that a domain is in; none: not counted
}

// group names one group, or none where the domain is not counted.
func group(counted bool, names ...string) []string {
	if !counted {
		return nil
	}
	return []string{strings.Join(names, " | ")}
}

// estimates are the counts that follow from the truth alone.
func estimates() []estimate {
	return []estimate{
		{"adoption", []string{"tld"}, "domains", func(t truth) []string {
			return []string{"(all)", t.Domain[strings.LastIndexByte(t.Domain, '.')+1:]}
		}},
		{"adoption", []string{"tld"}, "present", func(t truth) []string {
			if !t.present() {
				return nil
			}
			return []string{"(all)", t.Domain[strings.LastIndexByte(t.Domain, '.')+1:]}
		}},
		{"adoption", []string{"tld"}, "unknown", func(t truth) []string {
			if t.Record != "unknown" {
				return nil
			}
			return []string{"(all)", t.Domain[strings.LastIndexByte(t.Domain, '.')+1:]}
		}},
		{"funnel", []string{"step"}, "domains", func(t truth) []string {
			groups := []string{"listed"}
			for _, step := range []struct {
				name    string
				reached bool
			}{
				{"record", t.present()}, {"record valid", t.Record == "valid"}, {"policy retrieved", t.Policy == "valid" || t.Stage == "syntax"},
				{"policy valid", t.Policy == "valid"}, {"mode enforce", t.Policy == "valid" && t.Mode == "enforce"},
				{"safe: enforced and every host covered", t.Verdict == "enforce_ok"},
			} {
				if step.reached {
					groups = append(groups, step.name)
				}
			}
			return groups
		}},
		{"absences", []string{"reason"}, "domains", func(t truth) []string { return group(t.Record == "absent", t.RecordReason) }},
		{"unknowns", []string{"reason"}, "domains", func(t truth) []string { return group(t.Record == "unknown", t.RecordReason) }},
		{"record_errors", []string{"reason"}, "domains", func(t truth) []string {
			if t.Record == "multiple" {
				return []string{"multiple"}
			}
			return group(t.Record == "invalid" || t.RecordReason == "bad_version", t.RecordReason)
		}},
		{"record_errors", []string{"reason"}, "near_misses", func(t truth) []string {
			return group(slices.Contains(t.Findings, "record_near_miss"), "bad_version")
		}},
		{"record_errors", []string{"reason"}, "identical", func(t truth) []string {
			return group(slices.Contains(t.Findings, "record_identical"), "multiple")
		}},
		{"adoption", []string{"tld"}, "without_soa", func(t truth) []string {
			if !slices.Contains(t.Findings, "negative_without_soa") {
				return nil
			}
			return []string{"(all)", t.Domain[strings.LastIndexByte(t.Domain, '.')+1:]}
		}},
		{"errors_by_stage", []string{"stage", "reason", "policy"}, "domains", func(t truth) []string {
			switch t.Record {
			case "multiple":
				return group(true, "record", "multiple", t.Policy)
			case "invalid":
				return group(true, "record", t.RecordReason, t.Policy)
			}
			return group(t.Record == "valid" && t.Stage != "", t.Stage, t.Reason, t.judged())
		}},
		{"tls_reasons", []string{"reason"}, "domains", func(t truth) []string { return group(t.Stage == "tls" && t.judged() != "unknown", t.TLSError) }},
		{"http_status", []string{"status"}, "domains", func(t truth) []string { return group(t.HTTPStatus != 0, strconv.Itoa(t.HTTPStatus)) }},
		{"policy_errors", []string{"reason"}, "domains", func(t truth) []string { return group(t.Stage == "syntax", t.Reason) }},
		{"policy_errors", []string{"reason"}, "lenient", func(t truth) []string { return group(t.Stage == "syntax" && *t.Lenient, t.Reason) }},
		{"modes", []string{"mode"}, "domains", func(t truth) []string { return group(t.Policy == "valid", t.Mode) }},
		{"max_age", []string{"mode", "max_age"}, "domains", func(t truth) []string {
			if t.Policy != "valid" || t.MaxAge == nil {
				return nil
			}
			return group(true, t.Mode, strconv.FormatInt(*t.MaxAge, 10))
		}},
		{"verdicts", []string{"verdict"}, "domains", func(t truth) []string { return group(true, t.Verdict) }},
		{"mx_match", []string{"mode", "mx_match"}, "domains", func(t truth) []string { return group(t.Policy == "valid" && t.MXMatch != "", t.Mode, t.MXMatch) }},
		{"mismatches", []string{"mismatch"}, "domains", func(t truth) []string {
			if t.Mismatch == "" {
				t.Mismatch = "not comparable"
			}
			return group(t.Policy == "valid" && t.Mode != "none" && t.MXMatch == "none", t.Mismatch)
		}},
		{"tlsrpt", []string{"tlsrpt"}, "domains", func(t truth) []string { return group(t.present(), t.TLSRPT) }},
		{"wildcards", []string{"wildcard_suspected"}, "domains", func(t truth) []string {
			return group(t.present() && t.Wildcard != nil, strconv.FormatBool(t.Wildcard != nil && *t.Wildcard))
		}},
		{"delegation_kinds", []string{"delegation"}, "domains", func(t truth) []string { return group(t.present() && t.Delegation != "", t.Delegation) }},
		{"dane_overlap", []string{"protection"}, "domains", protectedBy},
		{"dane_overlap", []string{"protection"}, "with_tlsrpt", func(t truth) []string {
			if t.TLSRPT != "valid" {
				return nil
			}
			return protectedBy(t)
		}},
		{"mail", []string{"mx_kind"}, "domains", func(t truth) []string { return group(t.present(), t.MXKind) }},
	}
}

// protectedBy is what senders can use of a domain that publishes a record.
func protectedBy(t truth) []string {
	mtaSTS, dane := t.Policy == "valid" && t.Mode != "none", t.DANE == "all" || t.DANE == "some"
	word := "neither"
	switch {
	case mtaSTS && dane:
		word = "both"
	case mtaSTS:
		word = "MTA-STS alone"
	case dane:
		word = "DANE alone"
	}
	return group(t.present() && t.DANE != "unknown" && t.judged() != "unknown", word)
}
