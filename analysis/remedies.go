package main

import "strings"

// remedies are what lookup and diff advise to change, by the sets of meanings, "mx" and "change", with the places
// {domain}, {mx}, {patterns} and {before} for names and words.
type remedies map[string]map[string]string

// remedied are the answers whose rows get a remedy: each is about a domain and what is wrong with it.
var remedied = []string{"takeover", "changed_domains", "fix_first", "expiring"}

// add gives each row of a table its remedy, as a column beside those that were asked for.
func (m remedies) add(t *Table) {
	t.Columns = append(t.Columns, Column{Name: "remedy", Kind: KindText})
	for i := range t.Rows {
		var remedy any
		if text := m.named(t, i); text != "" {
			remedy = text
		}
		t.Rows[i] = append(t.Rows[i], remedy)
	}
}

// named is the remedy of a row, with the names that it is about.
func (m remedies) named(t *Table, row int) string {
	domain, _ := t.Value(row, "domain").(string)
	hosts, _ := t.Value(row, "hosts").(string)
	text := strings.ReplaceAll(m.of(t, row), "{domain}", domain)
	return strings.ReplaceAll(text, "{mx}", strings.ReplaceAll(hosts, " ", ", mx: "))
}

// of is the remedy of a row, with places for names; empty where lookup advises nothing.
func (m remedies) of(t *Table, row int) string {
	word := func(column string) string {
		text, _ := t.Value(row, column).(string)
		return text
	}
	switch t.Query.Name {
	case "expiring":
		return m["tls"]["expired"]
	case "takeover":
		return m["finding"][word("finding")]
	case "changed_domains":
		if t.Value(row, "regression") != true {
			return ""
		}
		if text := m.ofChange(word("kind"), word("before"), word("after")); text != "" {
			return text
		}
	}
	if stage := word("stage"); stage != "" {
		return m[stage][word("reason")]
	}
	return m.ofCause(word("cause"), word("hosts"))
}

// ofCause is about the column cause: a finding, a word about TLS at an MX host, or one that no row has.
func (m remedies) ofCause(cause, hosts string) string {
	switch {
	case cause == "certificate_ends":
		return m["tls"]["expired"]
	case cause == "mode_testing":
		return "Once no report shows a failure, set mode enforce, then change the id of the record (sections 3.1 and 5)."
	case strings.HasPrefix(cause, "mx_") && hosts == "": // hosts that no policy can list
		return m["finding"]["mx_host_pseudo"]
	case m["finding"][cause] != "":
		return m["finding"][cause]
	}
	return m["mx"][cause]
}

// ofChange is about what one run saw and the next did not. Lookup, which sees one moment, has no words for it where
// nothing is wrong now.
func (m remedies) ofChange(kind, before, after string) string {
	switch kind {
	case "record broken":
		return m["record"][after]
	case "policy broken":
		stage, reason, _ := strings.Cut(after, ": ")
		return m[stage][reason]
	}
	return strings.ReplaceAll(m["change"][kind], "{before}", before)
}
