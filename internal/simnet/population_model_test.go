package simnet

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

const sampleSize = 300_000

// TestZonesAdoption: the observed shares, times 73.5 % with MX.
func TestZonesAdoption(t *testing.T) {
	p := testPopulation(t, modelZones, 0)
	byTLD := map[string]*tally{"com": {}, "net": {}, "org": {}, "se": {}, "ch": {}, "uk": {}}
	mx := tally{}
	for i := range sampleSize {
		f := p.fateOf(testName(i))
		if c := byTLD[f.domain[strings.LastIndexByte(f.domain, '.')+1:]]; c != nil {
			c.add(f.bears)
		}
		if i < sampleSize/10 {
			mx.add(p.mailOf(&f).kind == mailMX || p.mailOf(&f).kind == mailPseudo)
		}
	}
	for tld, share := range map[string]float64{"com": 0.00073, "net": 0.00099, "org": 0.00127, "se": 0.00084,
		"ch": 0.00148, "uk": 0.0008} {
		byTLD[tld].check(t, tld, share*0.735)
	}
	mx.check(t, "MX", 0.735)
}

// TestNoise: what fails in the DNS, and what does not exist.
func TestNoise(t *testing.T) {
	for model, shares := range map[string]map[codes.RecordReason]float64{
		modelZones: {
			codes.RecordServfail: 0.025, // published: 2 to 5 %
			codes.RecordTimeout:  0.003, // 0.1 to 0.8 %
			codes.RecordRefused:  0.001,
			codes.RecordNoDomain: 0.005,
			codes.RecordNoData:   0.0601,
		},
		modelTop: {codes.RecordServfail: 0.02, codes.RecordTimeout: 0.001, codes.RecordNoDomain: 0.03},
	} {
		p := testPopulation(t, model, 0)
		n := 0
		seen := map[codes.RecordReason]int{}
		for i := range sampleSize / 10 {
			if f := p.fateOf(testName(i)); !f.bears {
				n++
				seen[f.story.end.recordReason]++
			}
		}
		for reason, want := range shares {
			tally{seen[reason], n}.check(t, model+" "+string(reason), want)
		}
	}
}

// TestTopAdoption: without ranks 0.742 % of the first million, as the surveys saw; with ranks, by the curve.
func TestTopAdoption(t *testing.T) {
	p := testPopulation(t, modelTop, 0)
	all := tally{}
	for i := range sampleSize {
		all.add(p.fateOf(testName(i)).bears)
	}
	all.check(t, "first million", 0.007416)
	for rank, want := range map[int64]float64{0: 0.0022, 1: 0.045, 1_000: 0.045, 1_001: 0.019, 10_001: 0.012,
		100_001: 0.0068, 1_000_001: 0.0022} {
		p.rankOf = func(string) int64 { return rank }
		if got := p.adoption("a.com", 0); got != want {
			t.Errorf("rank %d: %v, want %v", rank, got, want)
		}
	}
	p.rankOf = func(string) int64 { return 1 }
	first := tally{}
	for i := range sampleSize / 30 {
		first.add(p.fateOf(testName(i)).bears)
	}
	first.check(t, "first rank", 0.045)
}

// TestRecordMarginals looks at domains with a record: who runs them, what fails, and how their policies are
// written.
func TestRecordMarginals(t *testing.T) {
	p := testPopulation(t, modelTop, 0)
	p.rankOf = func(string) int64 { return 1 }
	var named, third, parked, failed, badRecord, tls, http, mid tally
	var enforce, none, week, day, lf, noEnd, mismatch, enforcedMismatch tally
	for i := range sampleSize / 2 {
		f := p.fateOf(testName(i))
		if !f.bears {
			continue
		}
		end := f.story.end
		named.add(f.operator.record.suffix != "")
		third.add(f.operator.kind == thirdHost)
		parked.add(f.operator.kind == parking)
		badRecord.add(end.record != codes.RecordValid)
		failed.add(end.record == codes.RecordValid && end.policy != codes.PolicyValid)
		if f.operator.kind == ownSmall {
			tls.add(end.stage == codes.StageTLS)
			http.add(end.stage == codes.StageHTTP)
		}
		if f.operator.kind == ownMid {
			mid.add(end.record == codes.RecordValid && end.policy != codes.PolicyValid)
		}
		if f.story.name != "good" {
			continue
		}
		m := p.mailOf(&f)
		cover := p.coverageOf(&f, m)
		text := p.policyOf(&f)
		body := string(text.body())
		mismatch.add(!cover.matches() && cover != coverSome)
		if cover.matches() {
			enforce.add(text.mode == codes.ModeEnforce)
			none.add(text.mode == codes.ModeNone)
		} else {
			enforcedMismatch.add(text.mode == codes.ModeEnforce)
		}
		week.add(text.maxAge == 604800)
		day.add(text.maxAge == 86400 || text.maxAge == 86401)
		lf.add(!strings.Contains(body, "\r"))
		noEnd.add(!strings.HasSuffix(body, "\n"))
	}
	named.check(t, "eight providers", 0.364)
	third.check(t, "third party", 0.42)
	parked.check(t, "parked", 0.106)
	failed.check(t, "retrieval fails", 0.253)
	badRecord.check(t, "bad records", 0.0049)
	tls.check(t, "small: tls", 0.127)
	http.check(t, "small: http", 0.028)
	mid.check(t, "mid: retrieval fails", 0.44)
	enforce.check(t, "enforce", 0.52)
	none.check(t, "none", 0.03)
	enforcedMismatch.check(t, "enforce in spite of mismatch", 0.22)
	week.check(t, "max_age of a week", 0.41)
	day.check(t, "max_age of a day", 0.33)
	lf.check(t, "LF", 0.91)
	noEnd.check(t, "no final line end", 0.16)
	mismatch.check(t, "mismatch", 0.027)
}

// TestErrorsHasEveryClass: what a scan can conclude is found among 20,000 names, and what costs it a time limit
// is rare.
func TestErrorsHasEveryClass(t *testing.T) {
	const n = 20_000
	p := testPopulation(t, modelErrors, 0)
	seen := map[any]int{}
	type why struct {
		stage  codes.Stage
		reason codes.PolicyReason
	}
	var present, slow, silent tally
	for i := range n {
		truth, ok := p.truth(testName(i), 0)
		if !ok {
			t.Fatalf("no truth about %s", testName(i))
		}
		for _, word := range []any{truth.Record, truth.RecordReason, truth.Error, truth.Policy, truth.Mode, truth.Class,
			why{truth.Stage, truth.Reason}} {
			seen[word]++
		}
		f := p.fateOf(testName(i))
		s := f.story
		present.add(f.bears)
		silent.add(s.record == playSilent || s.host == playSilent)
		slow.add(s.record == playSilent || s.host == playSilent || s.tcp == tcpSilent || s.tls == tlsSilent ||
			s.body == bodySilent || s.body == bodyDrip || s.body == bodyHeaderDrip)
		cover := p.coverageOf(&f, p.mailOf(&f))
		if f.bears {
			seen[cover]++
		}
		seen[p.mailOf(&f).kind]++
	}
	need := func(word any) {
		if seen[word] == 0 {
			t.Errorf("no %v", word)
		}
	}
	for _, word := range codes.Records() {
		need(word)
	}
	for _, word := range codes.RecordReasons() {
		// A dead zone is concluded from a second question; other is for unforeseen reasons.
		if word != codes.RecordZoneUnreachable && word != codes.RecordOther {
			need(word)
		}
	}
	for _, word := range codes.Sentinels() {
		need(word)
	}
	for _, word := range codes.Policies() {
		need(word)
	}
	for _, word := range codes.Modes() {
		need(word)
	}
	// What a world cannot play, or what is the observer's own business.
	never := []why{
		{codes.StageDNS, codes.ReasonOptedOut},
		{codes.StageTCP, codes.ReasonReset}, // seen in the handshake
		{codes.StageTCP, codes.ReasonNoIPv4},
		{codes.StageTCP, codes.ReasonNoIPv6},
	}
	for _, stage := range codes.Stages() {
		for _, reason := range codes.PolicyReasons(stage) {
			if w := (why{stage, reason}); !slices.Contains(never, w) {
				need(w)
			}
		}
	}
	for _, s := range slices.Concat(p.stories, p.absences) {
		need(s.name)
	}
	for c := coverAll; c <= coverTypo; c++ {
		need(c)
	}
	for kind := mailMX; kind <= mailNone; kind++ {
		need(kind)
	}
	present.check(t, "with a record", 0.5)
	if slow.hits > slow.of*15/1000 {
		t.Errorf("%d of %d domains cost a time limit, more than 1.5 %%", slow.hits, slow.of)
	}
	if silent.hits > silent.of*5/1000 {
		t.Errorf("%d of %d domains have a silent DNS, more than 0.5 %%", silent.hits, silent.of)
	}
}

// TestSoak: a giant's share at one address, all of it well; and a fifth that fails.
func TestSoak(t *testing.T) {
	p := testPopulation(t, modelSoak, 0)
	var giants, failing, others tally
	addrs := map[netip.Addr]bool{}
	for i := range sampleSize / 10 {
		f := p.fateOf(testName(i))
		truth, _ := p.truth(f.domain, 0)
		giants.add(f.operator == p.giant && f.bears)
		others.add(f.operator != p.giant && f.bears)
		failing.add(truth.Record == codes.RecordUnknown || f.bears && truth.Policy != codes.PolicyValid)
		if f.operator != p.giant || !f.bears {
			continue
		}
		if truth.Policy != codes.PolicyValid {
			t.Errorf("%s, one of the giant's: %s %s", f.domain, truth.Policy, truth.Reason)
		}
		v4, v6 := p.hostAddrs(&f)
		for _, addr := range slices.Concat(v4, v6) {
			addrs[addr] = true
		}
	}
	giants.check(t, "giant", 0.03)
	others.check(t, "other records", 0.02)
	failing.check(t, "failing", 0.186)
	if len(addrs) != 1 {
		t.Errorf("the giant has %d addresses", len(addrs))
	}
}

// TestCoverage: the patterns of a policy match the MX hosts as the drawn class says, by the rules of section
// 4.1.
func TestCoverage(t *testing.T) {
	p := testPopulation(t, modelErrors, 0)
	seen := map[coverage]int{}
	for i := range 20_000 {
		f := p.fateOf(testName(i))
		m := p.mailOf(&f)
		if f.story.name != "good" || m.kind != mailMX {
			continue
		}
		text := p.policyOf(&f)
		if text.mode == codes.ModeNone {
			continue // may list nothing
		}
		policy, err := mtasts.ParsePolicy(text.body())
		if err != nil {
			t.Fatalf("%s: %v", f.domain, err)
		}
		matched := 0
		for _, host := range m.hosts {
			matched += btoi(policy.Match(host.name))
		}
		c := p.coverageOf(&f, m)
		seen[c]++
		var good bool
		switch c {
		case coverAll, coverMore:
			good = matched == len(m.hosts)
		case coverSome:
			good = 0 < matched && matched < len(m.hosts)
		default:
			good = matched == 0
		}
		if !good {
			t.Errorf("%s: class %d, and %v match %d of %v", f.domain, c, policy.MX, matched, m.hosts)
		}
	}
	for c := coverAll; c <= coverTypo; c++ {
		if seen[c] == 0 {
			t.Errorf("class %d not seen", c)
		}
	}
}
