package explain

import (
	"slices"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// usualMaxAge is the max_age, in seconds, where the policy has none that protects: two weeks (section 3.2: "weeks or
// greater").
const usualMaxAge = 14 * 24 * 60 * 60

// firstMaxAge is the max_age, in seconds, of a policy to begin with, in mode testing: a day.
const firstMaxAge = 24 * 60 * 60

// A Correction is what a domain could publish in place of a record or a policy that is wrong or risky.
type Correction struct {
	Record  string   // text of the TXT record; "": it may stay as it is
	Policy  []string // lines of the policy, without their ends; nil: it may stay as it is, or see Missing
	LeftOut []string // MX hosts that no policy can list
	Missing string   // what must be known to write the policy, and is not; "": nothing
	First   bool     // the policy is one to begin with, in mode testing: there is none that tells what is wanted
}

// Correct corrects the texts of a row, as far as it knows what belongs there. The mode stays as it is, and so do
// patterns that MX hosts need, unless they are against the grammar or cover the hosts of others. Where there is a
// record and no policy, and the MX hosts are known, it has a policy to begin with. The id of the record is made of the
// time, so that senders see the change (section 3.1).
func Correct(row *output.Row, now time.Time) Correction {
	var c Correction
	if policyNeedsCorrection(row) {
		c.correctPolicy(row)
	}
	if recordNeedsCorrection(row) || c.Policy != nil {
		c.Record = mtasts.Record{ID: freshID(row.RecordID, now)}.String()
	}
	return c
}

// freshID is an id that the record does not have.
func freshID(old string, now time.Time) string {
	id := now.UTC().Format("20060102T150405Z")
	if id == old {
		id = now.UTC().Add(time.Second).Format("20060102T150405Z")
	}
	return id
}

func recordNeedsCorrection(row *output.Row) bool {
	switch codes.Record(row.Record) {
	case codes.RecordInvalid, codes.RecordMultiple:
		return true
	case codes.RecordAbsent:
		return row.RecordReason == string(codes.RecordBadVersion)
	case codes.RecordValid:
		return !harmlessAll(mtasts.ReadRecords(texts(row.TXT)).Findings)
	}
	return false
}

func policyNeedsCorrection(row *output.Row) bool {
	switch codes.Policy(row.Policy) {
	case codes.PolicyMissing, codes.PolicyInvalid:
		return true
	case codes.PolicyValid:
	default:
		return false // the text is not known
	}
	covered := []codes.Finding{
		codes.FindMXNotCovered, codes.FindMXPartlyCovered, codes.FindMXPatternUnused, codes.FindMXWildcardBroad,
	}
	for _, f := range covered {
		if row.Mode != string(codes.ModeNone) && slices.Contains(row.Findings, string(f)) {
			return true
		}
	}
	return !harmlessAll(mtasts.ReadPolicy(row.PolicyText).Findings)
}

func harmlessAll(findings []codes.Finding) bool {
	return !slices.ContainsFunc(findings, func(f codes.Finding) bool { return !harmless(f) })
}

// correctPolicy writes the policy anew from what its text was understood to ask for.
func (c *Correction) correctPolicy(row *output.Row) {
	reading := mtasts.ReadPolicy(row.PolicyText)
	policy := mtasts.Policy{Mode: reading.Policy.Mode, MaxAge: reading.Policy.MaxAge}
	if policy.Mode == "" && noPolicy(row) {
		policy.Mode, policy.MaxAge, c.First = codes.ModeTesting, firstMaxAge, true
	}
	if policy.Mode == "" {
		c.Missing = "its mode is not known: enforce, testing or none"
		return
	}
	short := []codes.Finding{codes.FindMaxAgeShort, codes.FindMaxAgeZero}
	if policy.MaxAge < 0 || slices.ContainsFunc(short, func(f codes.Finding) bool {
		return slices.Contains(reading.Findings, f)
	}) {
		policy.MaxAge = usualMaxAge
	}
	if policy.Mode != codes.ModeNone { // which needs no mx
		if policy.MX = c.patterns(row, reading.Policy.MX); policy.MX == nil {
			if c.First { // there is no text to correct
				*c = Correction{}
			}
			return
		}
	}
	c.Policy = strings.Split(strings.TrimSuffix(policy.String(), "\r\n"), "\r\n")
}

// noPolicy reports whether what is served, if anything, is no policy at all, rather than a wrong one.
func noPolicy(row *output.Row) bool {
	if row.PolicyStage != string(codes.StageSyntax) {
		return true
	}
	switch codes.PolicyReason(row.PolicyReason) {
	case codes.ReasonEmpty, codes.ReasonNotText, codes.ReasonHTML:
		return true
	}
	return false
}

// patterns are those that the MX hosts of the row need: patterns of the old policy, and else the names of hosts. There
// are none where that cannot be known.
func (c *Correction) patterns(row *output.Row, old []mtasts.MXPattern) (patterns []mtasts.MXPattern) {
	kind := codes.MXKind(row.MXKind)
	switch {
	case kind == "" || kind == codes.MXUnknown:
		c.Missing = "the MX hosts of the domain are not known"
		return nil
	case row.MXCount != nil && int(*row.MXCount) > len(row.MX) && len(row.MX) >= mostHosts:
		c.Missing = "the domain has more MX hosts than are known here"
		return nil
	}
	var hosts []mtasts.MXHost
	for i := range row.MX {
		host := mtasts.MXHost{Name: row.MX[i].Host}
		if listable(mtasts.MXPattern(host.Name)) && !host.Pseudo() {
			hosts = append(hosts, host)
		} else {
			c.LeftOut = append(c.LeftOut, host.Name)
		}
	}
	if hosts == nil {
		c.Missing = "the domain has no MX host that a policy can list"
		return nil
	}
	mx := mtasts.MX{Kind: codes.MXHosts, Hosts: hosts}
	for i, p := range old {
		old[i] = mtasts.MXPattern(strings.ToLower(strings.TrimSuffix(string(p), ".")))
	}
	coverage := mtasts.Cover(row.Domain, old, mx)
	for _, p := range old {
		useless := slices.Contains(coverage.Unused, p) || slices.Contains(coverage.Broad, p) || slices.Contains(patterns, p)
		if !useless && listable(p) {
			patterns = append(patterns, p)
		}
	}
	covered := mtasts.Policy{MX: patterns}
	for _, host := range hosts {
		if !covered.Match(host.Name) {
			covered.MX = append(covered.MX, mtasts.MXPattern(host.Name))
		}
	}
	return covered.MX
}

// mostHosts is how many MX hosts a row has at most.
const mostHosts = 32

// listable reports whether a policy can list a pattern without a fault or an oddity.
func listable(p mtasts.MXPattern) bool {
	alone := mtasts.Policy{Mode: codes.ModeEnforce, MaxAge: usualMaxAge, MX: []mtasts.MXPattern{p}}
	reading := mtasts.ReadPolicy([]byte(alone.String()))
	return reading.Strict && reading.Findings == nil
}

// correction prints the corrected texts from the left margin, ready to be pasted. The policy comes first: senders fetch
// it when they see a new id.
func (p *page) correction(row *output.Row, now time.Time) {
	c := Correct(row, now)
	if c.Missing != "" {
		p.prose("Serve", "no correction is printed: "+c.Missing)
	}
	if c.Policy != nil {
		p.line("Serve", "https://mta-sts.%s/.well-known/mta-sts.txt", row.Domain)
		if c.First {
			p.prose("", "A policy to begin with: in mode testing senders deliver anyway, and report what fails.")
		}
		if slices.ContainsFunc(c.Policy, func(line string) bool { return strings.HasPrefix(line, "mx: ") }) {
			p.prose("", "Its mx are the MX hosts that DNS has now: see that they are yours.")
		}
		if c.LeftOut != nil {
			p.prose("", "Left out, since no mx can name them: "+strings.Join(c.LeftOut, ", "))
		}
		p.paste(c.Policy)
	}
	if c.Record != "" {
		name := "_mta-sts." + row.Domain
		if n := len(row.CNAMEs); n > 0 {
			name = row.CNAMEs[n-1] + ", where the alias leads"
		}
		p.prose("Publish", "as the only MTA-STS record (TXT) at "+name)
		p.paste([]string{c.Record})
	}
}

// paste writes lines as they are to be published, with a blank line on either side.
func (p *page) paste(lines []string) {
	p.text.WriteString("\n" + strings.Join(lines, "\n") + "\n\n")
}
