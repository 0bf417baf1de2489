package pipeline

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

// MaxProbedHosts bounds the MX hosts of one domain that are probed.
const MaxProbedHosts = 8

// MailDoor is the way of a [starttls.Prober] to mail servers.
func MailDoor(door *egress.MailDialer) starttls.Dialer { return mailDoor{door} }

type mailDoor struct{ *egress.MailDialer }

func (d mailDoor) Dial(ctx context.Context, host string, within time.Duration) (net.Conn, netip.Addr, error) {
	var trace egress.Trace
	conn, err := d.MailDialer.Dial(egress.WithTimeout(egress.WithTrace(ctx, &trace), within), host)
	if failed := new(egress.Error); errors.As(err, &failed) && failed.Later() {
		return nil, failed.Addr(), err
	}
	return conn, trace.Addr, err
}

func (d mailDoor) Secure(ctx context.Context, raw net.Conn, host string) (net.Conn, starttls.Peer, error) {
	var trace egress.Trace
	conn, err := d.MailDialer.Secure(egress.WithTrace(ctx, &trace), raw, host)
	peer := starttls.Peer{TLSVersion: trace.TLSVersion, ShortKey: trace.ShortKey}
	if cert := trace.Cert; cert != nil {
		peer.CertSHA256, peer.NotAfter = hex.EncodeToString(cert.SHA256[:]), cert.NotAfter
	}
	return conn, peer, err
}

// probe asks the MX hosts of a row whether they would do TLS, all at once: the prober's
// door keeps the manners, and each host is talked to once in a run, or twice where the
// first time was doubtful. Of one that was not asked for the sake of manners, the row has
// the address to wait for. It reports whether the row rests on a probe that is to be made
// again. Where only those are made, no other host is asked.
func (r *surveyor) probe(row *output.Row, before *earlier) (doubtful bool, err error) {
	if r.Mail.Prober == nil {
		return false, nil
	}
	ctx := r.connecting(before.mailFailedAt())
	var probes errgroup.Group
	var putOff, stalled, shortKey, doubts atomic.Bool
	for i := range row.MX[:min(len(row.MX), MaxProbedHosts)] {
		into := &row.MX[i]
		earlier, known := before.probes[into.Host]
		if before.probed != nil && !earlier.Doubtful() || (mtasts.MXHost{Name: into.Host}).Pseudo() {
			continue
		}
		probes.Go(func() error {
			var seen starttls.Result
			var err error
			if known {
				seen, err = r.Mail.Prober.ProbeAgain(ctx, into.Host, earlier, r.stallsNow)
			} else {
				seen, err = r.Mail.Prober.Probe(ctx, into.Host, r.stallsNow)
			}
			switch {
			case errors.Is(err, starttls.ErrLater):
				putOff.Store(true)
				into.Addr = text(seen.Addr)
				if known && into.STARTTLS == nil {
					into.FirstSTARTTLS = new(string(earlier.Class))
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
	case stalled.Load() && before.probed != nil:
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

// probeAgain makes the second probes that a row waits for, and decides anew. All else
// stands: for the sake of a mail server no policy is asked for again.
func (r *surveyor) probeAgain(before *earlier) (row *output.Row, doubtful bool, err error) {
	row = new(*before.probed)
	row.MX, row.Findings = slices.Clone(row.MX), slices.Clone(row.Findings)
	doubtful, err = r.probe(row, before)
	decide(row)
	return row, doubtful, err
}

// text is an address as a row has it.
func text(addr netip.Addr) *string {
	if !addr.IsValid() {
		return nil
	}
	return new(addr.String())
}

// fillProbesPutOff makes a row that is told up to the policy provisional: of its
// MX hosts it keeps those that were not asked, and what they wait for.
func fillProbesPutOff(row *output.Row, hosts []output.MXHost) {
	row.Pending = string(codes.PendingManners)
	for _, host := range hosts {
		if host.STARTTLS == nil && host.Addr != nil {
			row.MX = append(row.MX, output.MXHost{
				Host: host.Host, Preference: host.Preference, Addr: host.Addr, FirstSTARTTLS: host.FirstSTARTTLS,
			})
		}
	}
}

// fillProbe fills the columns of a probe, those of one before too.
func fillProbe(host *output.MXHost, seen starttls.Result) {
	host.FirstSTARTTLS, host.ReplyCode, host.TLSError, host.TLSVersion = nil, nil, nil, nil
	host.CertSHA256, host.CertNotAfter = nil, nil
	host.STARTTLS, host.Addr = new(string(seen.Class)), text(seen.Addr)
	if seen.First != "" {
		host.FirstSTARTTLS = new(string(seen.First))
	}
	if seen.Code != 0 {
		host.ReplyCode = new(int32(seen.Code))
	}
	if seen.TLSError != "" {
		host.TLSError = new(string(seen.TLSError))
	}
	if seen.Peer.TLSVersion != "" {
		host.TLSVersion = new(seen.Peer.TLSVersion)
	}
	if seen.Peer.CertSHA256 != "" {
		host.CertSHA256, host.CertNotAfter = new(seen.Peer.CertSHA256), date(seen.Peer.NotAfter)
	}
}

// fillProbeFindings says what the probes found, in place of those before.
func fillProbeFindings(row *output.Row) {
	row.Findings = slices.DeleteFunc(row.Findings, func(f string) bool {
		switch codes.Finding(f) {
		case codes.FindMXNoSTARTTLS, codes.FindMXTLSFailed, codes.FindMXCertificate:
			return true
		}
		return false
	})
	for _, host := range row.MX {
		if host.STARTTLS != nil {
			addProbeFinding(row, codes.STARTTLS(*host.STARTTLS))
		}
	}
}

func addProbeFinding(row *output.Row, class codes.STARTTLS) {
	switch class {
	case codes.STARTTLSNotOffered, codes.STARTTLSRejected:
		addOnce(row, codes.FindMXNoSTARTTLS)
	case codes.STARTTLSHandshake:
		addOnce(row, codes.FindMXTLSFailed)
	case codes.STARTTLSCertificate:
		addOnce(row, codes.FindMXCertificate)
	}
}
