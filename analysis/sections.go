package main

import "fmt"

// A Section is a chapter of the report: questions in the order in which they are
// read.
type Section struct {
	ID      string
	Title   string
	Queries []string
}

// sections says where each question stands in the report.
func sections() []Section {
	return []Section{
		{ID: "takeover", Title: "Names that somebody else could take", Queries: []string{"takeover"}},
		{ID: "changes", Title: "What changed", Queries: []string{"changes", "incidents", "mode_transitions", "stale_patterns", "changed_domains"}},
		{ID: "series", Title: "Over time", Queries: []string{
			"series_adoption", "series_policies", "series_modes", "series_errors", "series_verdicts", "series_by_tld"}},
		{ID: "fix", Title: "What to fix first", Queries: []string{"fix_first", "expiring", "tags"}},
		{ID: "adoption", Title: "Adoption", Queries: []string{"funnel", "verdicts", "adoption", "adoption_by_rank", "denominators", "absences", "wildcards"}},
		{ID: "errors", Title: "What fails", Queries: []string{
			"errors_by_stage", "errors_by_manager", "tls_reasons", "record_errors", "policy_errors", "tlsrpt_results", "findings", "strict_lenient"}},
		{ID: "policies", Title: "What policies say", Queries: []string{"modes", "max_age", "mx_match", "mismatches", "same_provider"}},
		{ID: "hosts", Title: "Policy Hosts", Queries: []string{
			"http_status", "redirects", "media_types", "servers", "body_sizes", "addresses", "tls_versions", "issuers"}},
		{ID: "mail", Title: "Mail, reports and DANE", Queries: []string{"mail", "mx_probes", "tlsrpt", "tlsrpt_by_tld", "tlsrpt_destinations", "dane", "dane_overlap"}},
		{ID: "operators", Title: "Who runs it", Queries: []string{
			"managers", "operators", "providers", "delegation", "delegation_kinds", "concentration", "largest_clusters", "cluster_effect"}},
		{ID: "measurement", Title: "The measurement itself", Queries: []string{"unknowns", "passes", "retries", "timing"}},
	}
}

// arrange sorts the questions into sections, and leaves out those about several
// runs where there is one.
func arrange(queries []Query, runs int) ([]Section, map[string]Query, error) {
	byName := make(map[string]Query)
	for _, q := range queries {
		byName[q.Name] = q
	}
	placed := make(map[string]bool)
	var kept []Section
	for _, s := range sections() {
		var names []string
		for _, name := range s.Queries {
			q, ok := byName[name]
			if !ok || placed[name] {
				return nil, nil, fmt.Errorf("section %s: %s.sql is not there, or stands in two sections", s.ID, name)
			}
			placed[name] = true
			if !q.History() || runs > 1 {
				names = append(names, name)
			}
		}
		if s.Queries = names; len(names) > 0 {
			kept = append(kept, s)
		}
	}
	for name := range byName {
		if !placed[name] {
			return nil, nil, fmt.Errorf("%s.sql stands in no section of the report", name)
		}
	}
	return kept, byName, nil
}
