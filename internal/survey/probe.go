package survey

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/starttls"
)

// maxProbedHosts bounds the MX hosts of one domain that are probed.
const maxProbedHosts = 8

// probe looks at STARTTLS and certificate of the MX hosts of a row, all at once: the prober's door keeps the
// manners. A host is talked to once in a run, or twice if the first probe was doubtful. For a host that was put
// off, the row has the address to wait for. probe reports whether the row rests on a doubtful probe. If p lacks
// only second probes, no other host is asked.
func (r *Surveyor) probe(row *output.Row, p *Previous) (doubtful bool, err error) {
	if r.config.Mail.Prober == nil {
		return false, nil
	}
	ctx := r.connecting(p.mailFailedAt())
	var probes errgroup.Group
	var putOff, stalled, shortKey, doubts atomic.Bool
	for i := range row.MX[:min(len(row.MX), maxProbedHosts)] {
		into := &row.MX[i]
		first, known := p.probes[into.Host]
		if p.probesOnly != nil && !first.Doubtful() || (mtasts.MXHost{Name: into.Host}).Pseudo() {
			continue
		}
		probes.Go(func() error {
			var seen starttls.Result
			var err error
			if known {
				seen, err = r.config.Mail.Prober.ProbeAgain(ctx, into.Host, first, r.stallsNow)
			} else {
				seen, err = r.config.Mail.Prober.Probe(ctx, into.Host, r.stallsNow)
			}
			switch {
			case errors.Is(err, starttls.ErrLater):
				putOff.Store(true)
				into.Addr = text(seen.Addr)
				if known && into.STARTTLS == nil {
					into.FirstSTARTTLS = new(string(first.Class))
				}
			case errors.Is(err, starttls.ErrStalled):
				stalled.Store(true)
			case err != nil:
				return err
			default:
				fillProbe(into, seen)
				if seen.Peer.ShortKey {
					shortKey.Store(true)
				}
				if seen.Doubtful() {
					doubts.Store(true)
				}
			}
			return nil
		})
	}
	if err := probes.Wait(); err != nil {
		return false, err
	}
	switch {
	case putOff.Load():
		row.Pending = string(codes.PendingManners)
	case stalled.Load() && p.probesOnly != nil:
		row.Pending = string(codes.PendingTransient) // nothing else is asked again
	case stalled.Load():
		row.Pending = string(codes.PendingInterrupted)
	}
	fillProbeFindings(row)
	if shortKey.Load() {
		addOnce(row, codes.FindMXCertKeyShort)
	}
	return doubts.Load(), nil
}

// repeatProbes makes the second probes that a row waits for, and decides anew. All else stands: a mail server is no
// reason to retrieve a policy again.
func (r *Surveyor) repeatProbes(p *Previous) (row *output.Row, doubtful bool, err error) {
	row = new(*p.probesOnly)
	row.MX, row.Findings = slices.Clone(row.MX), slices.Clone(row.Findings)
	doubtful, err = r.probe(row, p)
	fillVerdict(row)
	return row, doubtful, err
}

// MailDoor is the way of a [starttls.Prober] to mail servers.
func MailDoor(door *egress.MailDialer) starttls.Dialer { return mailDoor{door} }

type mailDoor struct{ door *egress.MailDialer }

func (d mailDoor) Dial(ctx context.Context, host string, within time.Duration) (net.Conn, netip.Addr, error) {
	var trace egress.Trace
	conn, err := d.door.Dial(egress.WithTimeout(egress.WithTrace(ctx, &trace), within), host)
	if failed := new(egress.Error); errors.As(err, &failed) && failed.Later() {
		return nil, failed.Addr(), err
	}
	return conn, trace.Addr, err
}

func (d mailDoor) Secure(ctx context.Context, raw net.Conn, host string) (net.Conn, starttls.Peer, error) {
	var trace egress.Trace
	conn, err := d.door.Secure(egress.WithTrace(ctx, &trace), raw, host)
	peer := starttls.Peer{TLSVersion: trace.TLSVersion, ShortKey: trace.ShortKey}
	if cert := trace.Cert; cert != nil {
		peer.CertSHA256, peer.NotAfter = hex.EncodeToString(cert.SHA256[:]), cert.NotAfter
	}
	return conn, peer, err
}
