package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
	"stsscan/internal/survey"
	"stsscan/internal/verify"
)

// stripped is an Engine behind a forwarder that leaves out the authority section.
type stripped struct{ inMemory }

func (e stripped) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	reply, err := e.inMemory.Exchange(ctx, q)
	if reply != nil {
		reply.Ns = nil
	}
	return reply, err
}

func (e stripped) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	return e.inMemory.Sweep(ctx, next, func(answers []resolver.Answer) {
		for i := range answers {
			if answers[i].Msg != nil {
				answers[i].Msg.Ns = nil
			}
		}
		yield(answers)
	})
}

// Behind a forwarder that leaves out the authority section a row says what it says elsewhere, of the mail side and
// the Policy Host too. What is lost: who denies, and whether the name was another zone's.
func TestStrippedAuthority(t *testing.T) {
	world, err := simnet.Generate("errors", 7, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	config := inEngine(t, stripped{inMemory{world: world}}, world)
	config.Deadline = 4 * time.Second // of the few hosts that hang
	config.Mail = survey.Mail{MX: survey.ExtentAll, TLSRPT: survey.ExtentAll, DANE: survey.ExtentAll}
	dir := t.TempDir()
	if err := scanInto(t.Context(), t, config, listed{parts: 2, size: 200}, dir); err != nil {
		t.Fatal(err)
	}
	denied := 0
	for domain, row := range rowsIn(t, dir) {
		truth, _ := world.Truth(domain, row.Rank)
		switch {
		case truth.RecordReason == codes.RecordNoDomain:
			truth.RecordReason = codes.RecordNXDomain
		case truth.RecordReason == codes.RecordReferral, truth.Class == "denied by another zone",
			truth.Class == "alias that another zone denies":
			truth.Record, truth.RecordReason, truth.Error = codes.RecordAbsent, codes.RecordNoData, codes.ErrNoRecord
			truth.Verdict = codes.VerdictNoSTS
		case truth.Class == "policy host denied by another zone":
			continue
		}
		if truth.Record == codes.RecordAbsent && row.TXTCount != nil && *row.TXTCount == 0 {
			truth.Findings = append(truth.Findings, codes.FindNegativeWithoutSOA)
			denied++
		}
		if stage := codes.Stage(row.PolicyStage); stage != "" && stage != codes.StageDNS {
			continue // what hosts do is not the matter here
		}
		for _, difference := range verify.CompareTruth(row, truth) {
			t.Errorf("%s (%s): %s", domain, truth.Class, difference)
		}
	}
	if denied < 50 {
		t.Errorf("%d records were denied", denied)
	}
}
