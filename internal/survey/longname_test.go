package survey

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/mtasts"
	"stsscan/internal/simnet"
	"stsscan/internal/verify"
)

// packing is an Exchanger that asks only what a message can hold.
type packing struct{ mtasts.Exchanger }

func (e packing) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	if len(q.Question[0].Name) > 254 { // with the final dot
		return nil, dns.ErrBuf
	}
	return e.Exchanger.Exchange(ctx, q)
}

// Of a domain so long that some of the names below it cannot exist, these are absent, and everything else is as it
// is of others.
func TestLongNamesEqualTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Generate("errors", 5, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config := through(t, packing{impatient{world}}, world)
		config.Deadline = 4 * time.Second
		config.Mail = Mail{MX: ExtentAll, TLSRPT: ExtentAll, DANE: ExtentAll}
		for i := range 460 {
			length := 222 + i%23 // up to 244, the longest that can have a record
			domain := domainOf(i)
			for len(domain) < length-1 {
				domain = strings.Repeat("a", min(length-len(domain)-1, 60)) + "." + domain
			}
			truth, _ := world.Truth(domain, 1)
			row := surveyed(t, config, domain)
			for _, difference := range verify.CompareTruth(row, truth) {
				t.Errorf("%d octets (%s): %s", len(domain), truth.Class, difference)
			}
		}
	})
}
