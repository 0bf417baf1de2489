package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A site is one Policy Domain of a world that a test writes.
type site struct {
	domain string
	record string   // "": none
	alias  string   // of the record's name
	addrs  []string // of the Policy Host; none: its own IPv4 address
	host   string   // alias of the Policy Host, instead of addresses
	policy string   // "": none
	mx     string   // the host that receives its mail; "": mail.<domain>
	smtp   string   // how that host shakes hands; "": it has no address
	faults []string // without the name of the Policy Host, or of the record's name where they begin with dns
}

// policyText is a policy with these fields.
func policyText(mode string, maxAge int, mx ...string) string {
	text := "version: STSv1\nmode: " + mode + "\n"
	for _, pattern := range mx {
		text += "mx: " + pattern + "\n"
	}
	return text + fmt.Sprintf("max_age: %d\n", maxAge)
}

// good is a site with nothing wrong.
func good(domain, id string) site {
	return site{domain: domain, record: "v=STSv1; id=" + id + ";", policy: policyText("enforce", 604800, "mail."+domain)}
}

// A world is its sites by name.
type world map[string]site

func (w world) add(sites ...site) {
	for _, s := range sites {
		w[s.domain] = s
	}
}

// edit changes a site.
func (w world) edit(domain string, change func(*site)) {
	s, ok := w[domain]
	if !ok {
		panic("no site " + domain)
	}
	change(&s)
	w[domain] = s
}

func (w world) domains() []string {
	var domains []string
	for domain := range w {
		domains = append(domains, domain)
	}
	slices.Sort(domains)
	return domains
}

// text is the world as the scanner's simulated Internet reads it (txtar).
func (w world) text() string {
	var zone, policies, faults strings.Builder
	targets := make(map[string]bool)
	for i, domain := range w.domains() {
		s := w[domain]
		if s.mx == "" {
			s.mx = "mail." + domain
		}
		fmt.Fprintf(&zone, "%s. MX 10 %s.\n%s. A 22.1.255.1\n", domain, s.mx, domain)
		if s.smtp != "" {
			fmt.Fprintf(&zone, "%s. A 22.2.%d.%d\n", s.mx, i/250, i%250+1)
			fmt.Fprintf(&faults, "%s smtp %s\n", s.mx, s.smtp)
		}
		owner := "_mta-sts." + domain
		if s.alias != "" {
			fmt.Fprintf(&zone, "%s. CNAME %s.\n", owner, s.alias)
			owner = s.alias
		}
		for record := range strings.SplitSeq(s.record, "\n") {
			if line := fmt.Sprintf("%s. TXT %q\n", owner, record); record != "" && !targets[line] {
				targets[line] = true
				zone.WriteString(line)
			}
		}
		host := "mta-sts." + domain
		if s.host != "" {
			fmt.Fprintf(&zone, "%s. CNAME %s.\n", host, s.host)
		} else if s.addrs == nil {
			s.addrs = []string{fmt.Sprintf("22.1.%d.%d", i/250, i%250+1)}
		}
		at := host
		if s.host != "" {
			at = s.host
		}
		for _, addr := range s.addrs {
			kind := "A"
			if strings.Contains(addr, ":") {
				kind = "AAAA"
			}
			if line := fmt.Sprintf("%s. %s %s\n", at, kind, addr); addr != "none" && !targets[line] {
				targets[line] = true
				zone.WriteString(line)
			}
		}
		if s.policy != "" {
			fmt.Fprintf(&policies, "-- policy/%s --\n%s", host, s.policy)
			if !strings.HasSuffix(s.policy, "\n") {
				policies.WriteString("\n")
			}
		}
		for _, fault := range s.faults {
			name := host
			if strings.HasPrefix(fault, "dns") {
				name = owner
			}
			fault = strings.TrimPrefix(fault, "host ") // of the Policy Host, in DNS
			fmt.Fprintf(&faults, "%s %s\n", name, fault)
		}
	}
	return "-- zone --\n$TTL 300\n" + zone.String() + policies.String() + "-- faults --\n" + faults.String()
}

// scan scans the world, with an owner for each domain, into a directory.
func (w world) scan(t testing.TB, dir string, flags ...string) string {
	t.Helper()
	path := dir + ".txtar"
	if err := os.WriteFile(path, []byte(w.text()), 0o644); err != nil {
		t.Fatal(err)
	}
	list := "domain,owner\n"
	for i, domain := range w.domains() {
		list += fmt.Sprintf("%s,team %d\n", domain, i%3)
	}
	if err := os.WriteFile(dir+".csv", []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	runScan(t, dir, append([]string{"--sim", path, "--tags", "owner", dir + ".csv"}, flags...)...)
	return dir
}

// runScan calls the scanner, with more time for an answer than a busy machine takes. Where many names do not answer,
// less will do.
func runScan(t testing.TB, dir string, args ...string) {
	t.Helper()
	scan := exec.Command(shared.scanner, append([]string{
		"scan", "-o", dir, "--timeout", "15s", "--retries", "1", "--quiet",
	}, args...)...)
	if out, err := scan.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", scan, err, out)
	}
}

// incident sizes: those that were observed, scaled down unless the long tests are
// asked for.
func incidentSize(n int) int {
	if os.Getenv(longTests) == "" {
		return max(n/10, 10)
	}
	return n
}

// longTests is set in the environment for tests of full size.
const longTests = "STSSCAN_ANALYSIS_LONG"

// An event is a change that the script of the nights makes.
type event struct {
	night  int64
	domain string
	kind   string
}

// nights writes three worlds and what changes between them: small faults of every
// kind that stay, changes of single domains, and the incidents of the literature.
func nights() (worlds [3]world, events []event) {
	w := make(world)
	standing(w)
	var orgs, selfSigned, marketing, parked []string
	for i := range incidentSize(461) {
		orgs = append(orgs, fmt.Sprintf("unit-%03d.org", i))
		w.add(site{domain: orgs[i]})
	}
	for i := range incidentSize(1385) {
		domain := fmt.Sprintf("customer-%04d.com", i)
		selfSigned = append(selfSigned, domain)
		s := good(domain, "20240101")
		s.host = fmt.Sprintf("customer-%04d-com.sts.provider.net", i)
		s.addrs = []string{"22.1.200.1", "22.1.200.2"}
		w.add(s)
	}
	for i := range incidentSize(246) {
		marketing = append(marketing, fmt.Sprintf("campaign-%03d.com", i))
		w.add(site{domain: marketing[i]})
	}
	for i := range incidentSize(900) {
		parked = append(parked, fmt.Sprintf("parked-%03d.net", i))
		w.add(site{domain: parked[i]})
	}
	for _, domain := range []string{
		"leaves.com", "leaves-well.com", "id-only.com", "text-only.com", "both.com", "breaks.com", "lowers.com", "raises.com", "two-records.com", "unlucky.com", "moves.com", "drifts.com",
	} {
		w.add(good(domain, "1"))
	}
	w.edit("raises.com", func(s *site) { s.policy = policyText("testing", 604800, "mail.raises.com") })
	mended := good("mended.com", "1")
	mended.faults = []string{"tls expired"}
	w.add(mended, site{domain: "joins.com"}, site{domain: "joins-broken.com"})
	worlds[0] = w

	happens := func(night int64, kind string, domains ...string) {
		for _, domain := range domains {
			events = append(events, event{night, domain, kind})
		}
	}

	w = clone(w) // the second night
	for _, domain := range orgs {
		s := good(domain, "20240102")
		s.host, s.addrs = strings.ReplaceAll(domain, ".", "-")+".sts.unit.org", []string{"22.1.201.1"}
		w.add(s)
	}
	happens(2, "adopted", orgs...)
	for _, domain := range selfSigned {
		w.edit(domain, func(s *site) { s.faults = []string{"tls self-signed"} })
	}
	happens(2, "policy broken", selfSigned...)
	w.edit("leaves.com", func(s *site) { s.record = "" })
	happens(2, "abandoned abruptly", "leaves.com")
	w.edit("leaves-well.com", func(s *site) {
		s.record, s.policy = "v=STSv1; id=2;", policyText("none", 86400)
	})
	happens(2, "mode lowered", "leaves-well.com")
	happens(2, "max_age lowered", "leaves-well.com")
	happens(2, "policy and id changed", "leaves-well.com")
	w.edit("id-only.com", func(s *site) { s.record = "v=STSv1; id=2;" })
	happens(2, "id changed, policy did not", "id-only.com")
	w.edit("text-only.com", func(s *site) {
		s.policy = policyText("enforce", 604800, "mail.text-only.com", "mx2.text-only.com")
	})
	happens(2, "policy changed, id did not", "text-only.com")
	w.edit("both.com", func(s *site) {
		s.record, s.policy = "v=STSv1; id=2;", policyText("enforce", 1209600, "mail.both.com")
	})
	happens(2, "policy and id changed", "both.com")
	happens(2, "max_age raised", "both.com")
	w.edit("breaks.com", func(s *site) { s.policy = strings.Replace(s.policy, "mode: enforce\n", "", 1) })
	happens(2, "policy broken", "breaks.com")
	w.edit("raises.com", func(s *site) {
		s.record, s.policy = "v=STSv1; id=2;", policyText("enforce", 604800, "mail.raises.com")
	})
	happens(2, "mode raised", "raises.com")
	happens(2, "policy and id changed", "raises.com")
	w.edit("two-records.com", func(s *site) { s.record += "\nv=STSv1; id=2;" })
	happens(2, "record broken", "two-records.com")
	w.edit("mended.com", func(s *site) { s.faults = nil })
	happens(2, "policy mended", "mended.com")
	w.edit("drifts.com", func(s *site) { s.mx = "mx.elsewhere.example" })
	happens(2, "MX left the policy", "drifts.com")
	happens(2, "MX hosts refused", "drifts.com")
	w.add(good("joins.com", "1"))
	happens(2, "adopted", "joins.com")
	w.edit("unlucky.com", func(s *site) { s.faults = []string{"dns servfail"} }) // no change: unknown
	worlds[1] = w

	w = clone(w) // the third night
	for _, domain := range selfSigned {
		w.edit(domain, func(s *site) { s.faults = nil })
	}
	happens(3, "policy mended", selfSigned...)
	for _, domain := range marketing {
		s := good(domain, "20240123")
		s.policy = policyText("enforce", 604800, "mail.elsewhere.example")
		s.addrs = []string{"22.1.202.1"}
		w.add(s)
	}
	happens(3, "adopted", marketing...)
	for _, domain := range parked {
		s := good(domain, "20240801")
		s.addrs, s.policy, s.faults = []string{"22.1.203.1", "22.1.203.2"}, "", []string{"tls wrong-name parking.example"}
		w.add(s)
	}
	happens(3, "adopted", parked...)
	w.edit("leaves-well.com", func(s *site) { s.record, s.policy = "", "" })
	happens(3, "abandoned after mode none", "leaves-well.com")
	w.edit("lowers.com", func(s *site) {
		s.record, s.policy = "v=STSv1; id=2;", policyText("testing", 86400, "mail.lowers.com")
	})
	happens(3, "mode lowered", "lowers.com")
	happens(3, "max_age lowered", "lowers.com")
	happens(3, "policy and id changed", "lowers.com")
	w.edit("two-records.com", func(s *site) { s.record = "v=STSv1; id=1;" })
	happens(3, "record mended", "two-records.com")
	w.edit("breaks.com", func(s *site) { s.policy = "" })
	happens(3, "fails otherwise", "breaks.com")
	w.edit("moves.com", func(s *site) {
		s.host, s.addrs = "moves-com.sts.provider.net", []string{"22.1.200.1", "22.1.200.2"}
	})
	happens(3, "operator changed", "moves.com")
	w.edit("unlucky.com", func(s *site) { // what was known before the silent night is what it is compared with
		s.faults, s.policy = nil, ""
	})
	happens(3, "policy broken", "unlucky.com")
	w.add(site{domain: "joins-broken.com", record: "v=STSv1; id=a-b;"})
	happens(3, "adopted", "joins-broken.com")
	worlds[2] = w
	return worlds, events
}

func clone(w world) world {
	c := make(world, len(w))
	for domain, s := range w {
		c[domain] = s
	}
	return c
}

// scanNights scans the three nights. Tests share the runs.
func scanNights(t testing.TB, dir string) (runs []string, events []event) {
	t.Helper()
	worlds, events := nights()
	for i, w := range worlds {
		runs = append(runs, w.scan(t, filepath.Join(dir, fmt.Sprintf("night-%d", i+1))))
	}
	return runs, events
}
