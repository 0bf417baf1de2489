package survey

import (
	"context"
	"crypto/rand"
	"strings"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// mail asks about the mail side of a domain, within its deadline, and ends the row with the verdict. It reports
// whether the row rests on a doubtful probe. The error is a fault of this machine.
func (r *Surveyor) mail(row *output.Row, p *Previous) (doubtful bool, err error) {
	asking, cancel := context.WithTimeout(r.work, r.mailDeadline())
	defer cancel()
	record := codes.Record(row.Record)
	answers, err := r.askMail(asking, row.Domain, record)
	if err != nil {
		return false, err
	}
	answers.fill(row)
	if answers.mx != nil && ExtentRecord.covers(record) {
		if doubtful, err = r.probe(row, p); err != nil {
			return false, err
		}
	}
	fillDelegation(row)
	fillOutcome(row, answers.mx)
	return doubtful, nil
}

// askMail asks all questions about a domain with this class of record at the same time, so that silence costs its
// time once. The error is a fault of this machine, which ends the other questions too.
func (r *Surveyor) askMail(ctx context.Context, domain string, record codes.Record) (a mailAnswers, err error) {
	questions, ctx := errgroup.WithContext(ctx)
	ex := r.config.Client.Exchanger
	if ExtentRecord.covers(record) {
		questions.Go(func() (err error) {
			a.wildcard, err = mtasts.LookupWildcard(ctx, ex, domain, strings.ToLower(rand.Text()))
			return err
		})
	}
	if r.config.Mail.TLSRPT.covers(record) {
		questions.Go(func() error {
			report, err := mtasts.LookupTLSRPT(ctx, ex, domain)
			a.tlsrpt = &report
			return err
		})
	}
	a.dane = r.config.Mail.DANE.covers(record)
	if a.dane || r.config.Mail.MX.covers(record) {
		questions.Go(func() error {
			mx, err := mtasts.LookupMX(ctx, ex, domain)
			a.mx = &mx
			if err == nil && a.dane {
				a.tlsa, err = r.askTLSA(ctx, mx.Hosts)
			}
			return err
		})
	}
	err = questions.Wait()
	return a, err
}

// maxTLSAHosts bounds the hosts that are asked for TLSA records.
const maxTLSAHosts = 8

// askTLSA asks for the TLSA records of MX hosts, all at once; each host costs a question about its addresses first.
// If the MX RRset was not authenticated the records do not count (RFC 7672, section 2.2.1), but they show a
// beginning.
func (r *Surveyor) askTLSA(ctx context.Context, hosts []mtasts.MXHost) ([]hostTLSA, error) {
	var all []hostTLSA
	for i, host := range hosts {
		if !host.Pseudo() && len(all) < maxTLSAHosts {
			all = append(all, hostTLSA{host: i})
		}
	}
	questions, ctx := errgroup.WithContext(ctx)
	for i := range all {
		questions.Go(func() (err error) {
			one := &all[i]
			one.found, err = r.tlsa.lookup(ctx, r.config.Client.Exchanger, hosts[one.host].Name)
			return err
		})
	}
	return all, questions.Wait()
}
