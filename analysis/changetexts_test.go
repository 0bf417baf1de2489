package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Each kind of change says what was before and what is now, and never the same.
func TestChangeTexts(t *testing.T) {
	const id = "v=STSv1; id=2;"
	policy := func(s *site, mode string, maxAge int, mx ...string) { s.policy = policyText(mode, maxAge, mx...) }
	many := strings.Fields("mx1.b.com mx2.b.com mx3.b.com mx4.b.com mx5.b.com mx6.b.com mail.many.com")
	before, after := make(world), make(world)
	want := make(map[string][]string)
	for _, test := range []struct {
		domain       string
		first        func(*site) // what the good site was
		then         func(*site) // what has changed of it
		kind         string
		before, text string // beginnings
	}{
		{"adopts.com", func(s *site) { *s = site{domain: s.domain} }, func(s *site) { *s = good("adopts.com", "1") }, "adopted", "nxdomain", "valid"},
		{"leaves.com", nil, func(s *site) { s.record = "" }, "abandoned abruptly", "valid", "nxdomain"},
		{"leaves-well.com", func(s *site) { policy(s, "none", 86400) }, func(s *site) { s.record = "" }, "abandoned after mode none", "valid", "nxdomain"},
		{"record-breaks.com", nil, func(s *site) { s.record += "\nv=STSv1; id=2;" }, "record broken", "valid", "multiple"},
		{"record-mended.com", func(s *site) { s.record = "v=STSv1; id=a-b;" }, func(s *site) { s.record = id }, "record mended", "id_invalid", "valid"},
		{"breaks.com", nil, func(s *site) { s.faults = []string{"tls expired"} }, "policy broken", "enforce", "tls: expired"},
		{"mended.com", func(s *site) { s.faults = []string{"http 404"} }, func(s *site) { s.faults = nil }, "policy mended", "http: not_found", "enforce"},
		{"otherwise.com", func(s *site) { s.faults = []string{"http 404"} }, func(s *site) { s.faults = []string{"http 403"} }, "fails otherwise", "http: not_found", "http: forbidden"},
		{"raises.com", func(s *site) { policy(s, "testing", 86400, "mail.raises.com") }, func(s *site) { policy(s, "enforce", 86400, "mail.raises.com") }, "mode raised", "testing", "enforce"},
		{"lowers.com", nil, func(s *site) { policy(s, "testing", 604800, "mail.lowers.com") }, "mode lowered", "enforce", "testing"},
		{"longer.com", nil, func(s *site) { policy(s, "enforce", 1209600, "mail.longer.com") }, "max_age raised", "604800", "1209600"},
		{"shorter.com", nil, func(s *site) { policy(s, "enforce", 86400, "mail.shorter.com") }, "max_age lowered", "604800", "86400"},
		{"id.com", nil, func(s *site) { s.record = id }, "id changed, policy did not", "1", "2"},
		{"drifts.com", nil, func(s *site) { s.mx = "mx.example.net" }, "MX left the policy", "all", "none"},
		{"drifts.com", nil, nil, "MX hosts refused", "enforce_ok", "enforce_refused"},
		{"back.com", func(s *site) { s.mx = "mx.example.net" }, func(s *site) { s.mx = "" }, "MX covered again", "none", "all"},
		{"moves.com", nil, func(s *site) { s.host, s.addrs = "moves.sts.provider.net", []string{"22.1.200.1"} }, "operator changed", "-", "provider.net"},

		{"both.com", nil, func(s *site) { s.record = id; policy(s, "testing", 86400, "mail.both.com") }, "policy and id changed", "id: 1; mode: enforce; max_age: 604800", "id: 2; mode: testing; max_age: 86400"},
		{"both-text.com", nil, func(s *site) { s.record, s.policy = id, strings.Replace(s.policy, ": ", ":  ", 1) }, "policy and id changed", "id: 1; text: SHA-256 ", "id: 2; text only (white space, order): SHA-256 "},
		{"one-more.com", nil, func(s *site) { policy(s, "enforce", 604800, "mail.one-more.com", "mx2.b.com") }, "policy changed, id did not", "mx: 1", "mx: 2, added mx2.b.com"},
		{"another.com", nil, func(s *site) { policy(s, "enforce", 604800, "*.another.com") }, "policy changed, id did not", "mx: 1, removed mail.another.com", "mx: 1, added *.another.com"},
		{"many.com", nil, func(s *site) { policy(s, "enforce", 604800, many...) }, "policy changed, id did not", "mx: 1", "mx: 7, added mx1.b.com mx2.b.com mx3.b.com mx4.b.com mx5.b.com and 1 more"},
		{"none-left.com", nil, func(s *site) { policy(s, "none", 604800) }, "policy changed, id did not", "mode: enforce; mx: 1, removed mail.none-left.com", "mode: none; mx: 0"},
		{"extended.com", nil, func(s *site) { s.policy += "a: b\n" }, "policy changed, id did not", "extensions: 0", "extensions: 1, added a"},
		{"order.com", func(s *site) { policy(s, "enforce", 604800, "mail.order.com", "mx2.b.com") }, func(s *site) { policy(s, "enforce", 604800, "mx2.b.com", "mail.order.com") }, "policy changed, id did not", "text: SHA-256 ", "text only (white space, order): SHA-256 "},
	} {
		s := good(test.domain, "1")
		if test.first != nil {
			test.first(&s)
		}
		if _, ok := before[test.domain]; !ok {
			before.add(s)
			test.then(&s)
			after.add(s)
		}
		want[test.domain+" "+test.kind] = []string{test.before, test.text}
	}
	dir := t.TempDir()
	first, second := before.scan(t, filepath.Join(dir, "first")), after.scan(t, filepath.Join(dir, "second"))
	store := openRuns(t, first, second)
	holdDiff(t, store, first, second)
	seen := make(map[string]bool)
	const query = "SELECT domain, kind, coalesce(before, '-'), coalesce(after, '-') FROM changed"
	each(t, store.db, query, func(scan func(...any)) {
		var domain, kind, before, after string
		scan(&domain, &kind, &before, &after)
		seen[kind] = true
		if before == after {
			t.Errorf("%s: %s: %q before and after", domain, kind, before)
		}
		texts := want[domain+" "+kind]
		if texts == nil {
			return // another change of the same policy
		}
		delete(want, domain+" "+kind)
		if !strings.HasPrefix(before, texts[0]) || !strings.HasPrefix(after, texts[1]) {
			t.Errorf("%s: %s: from %q to %q, want from %q to %q", domain, kind, before, after, texts[0], texts[1])
		}
	})
	for change := range want {
		t.Errorf("no change %s", change)
	}

	each(t, store.db, "SELECT kind FROM kinds", func(scan func(...any)) {
		var kind string
		if scan(&kind); !seen[kind] {
			t.Errorf("no domain has the change %q", kind)
		}
		delete(seen, kind)
	})
	if len(seen) > 0 {
		t.Errorf("not in the table of kinds: %v", seen)
	}
}
