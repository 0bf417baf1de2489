package pipeline

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
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
func MailDoor(door *egress.MailDoor) starttls.Door { return mailDoor{door} }

type mailDoor struct{ *egress.MailDoor }

func (d mailDoor) Dial(ctx context.Context, host string, within time.Duration) (net.Conn, netip.Addr, error) {
	var trace egress.Trace
	conn, err := d.MailDoor.Dial(egress.WithTimeout(egress.WithTrace(ctx, &trace), within), host)
	if failed := new(egress.Error); errors.As(err, &failed) && failed.Later() {
		return nil, failed.Addr(), err
	}
	return conn, trace.Addr, err
}

func (d mailDoor) Secure(ctx context.Context, raw net.Conn, host string) (net.Conn, starttls.Peer, error) {
	var trace egress.Trace
	conn, err := d.MailDoor.Secure(egress.WithTrace(ctx, &trace), raw, host)
	peer := starttls.Peer{TLSVersion: trace.TLSVersion, ShortKey: trace.ShortKey}
	if cert := trace.Cert; cert != nil {
		peer.CertSHA256, peer.NotAfter = hex.EncodeToString(cert.SHA256[:]), cert.NotAfter
	}
	return conn, peer, err
}

// probe asks the MX hosts of a domain whether they would do TLS, all at once:
// the prober's door keeps the manners, and each host is talked to once in a run.
// Of one that was not asked for their sake, the row has the address to wait for.
func (r *surveyor) probe(row *output.Row, mx mtasts.MX, before *earlier) error {
	if r.Mail.Prober == nil {
		return nil
	}
	ctx := r.connecting(before.mailFailedAt())
	var probes errgroup.Group
	var putOff, stalled, shortKey atomic.Bool
	for i, host := range mx.Hosts[:min(len(mx.Hosts), MaxProbedHosts)] {
		if host.Pseudo() {
			continue
		}
		into := &row.MX[i]
		probes.Go(func() error {
			seen, err := r.Mail.Prober.Probe(ctx, into.Host, r.stallsNow)
			switch {
			case errors.Is(err, starttls.ErrLater):
				putOff.Store(true)
				into.Addr = text(seen.Addr)
			case errors.Is(err, starttls.ErrStalled):
				stalled.Store(true)
			case err != nil:
				return err
			default:
				fillProbe(into, seen)
				if seen.Peer.ShortKey {
					shortKey.Store(true)
				}
			}
			return nil
		})
	}
	if err := probes.Wait(); err != nil {
		return err
	}
	switch {
	case putOff.Load():
		row.Pending = string(codes.PendingManners)
	case stalled.Load():
		row.Pending = string(codes.PendingInterrupted)
	}
	for _, host := range row.MX {
		if host.STARTTLS != nil {
			addProbeFinding(row, codes.STARTTLS(*host.STARTTLS))
		}
	}
	if shortKey.Load() {
		addOnce(row, codes.FindMXCertKeyShort)
	}
	return nil
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
			row.MX = append(row.MX, output.MXHost{Host: host.Host, Preference: host.Preference, Addr: host.Addr})
		}
	}
}

func fillProbe(host *output.MXHost, seen starttls.Result) {
	host.STARTTLS, host.Addr = new(string(seen.Class)), text(seen.Addr)
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
