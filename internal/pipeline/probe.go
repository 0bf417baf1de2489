package pipeline

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/starttls"
)

// maxProbedHosts bounds the MX hosts of one domain that are probed.
const maxProbedHosts = 8

// MailDoor is the way of a [starttls.Prober] to mail servers.
func MailDoor(door *egress.MailDoor) starttls.Door { return mailDoor{door} }

type mailDoor struct{ *egress.MailDoor }

func (d mailDoor) Dial(ctx context.Context, host string) (net.Conn, netip.Addr, error) {
	var trace egress.Trace
	conn, err := d.MailDoor.Dial(egress.WithTrace(ctx, &trace), host)
	return conn, trace.Addr, err
}

func (d mailDoor) Secure(ctx context.Context, raw net.Conn, host string) (net.Conn, starttls.Peer, error) {
	var trace egress.Trace
	conn, err := d.MailDoor.Secure(egress.WithTrace(ctx, &trace), raw, host)
	peer := starttls.Peer{TLSVersion: trace.TLSVersion}
	if cert := trace.Cert; cert != nil {
		peer.CertSHA256, peer.NotAfter = hex.EncodeToString(cert.SHA256[:]), cert.NotAfter.UTC()
	}
	return conn, peer, err
}

// probe asks the MX hosts of a domain whether they would do TLS, all at once:
// the prober's door keeps the manners, and each host is talked to once in a run.
func (r *run) probe(row *output.Row, mx mtasts.MX) error {
	if r.Mail.Prober == nil {
		return nil
	}
	var probes errgroup.Group
	for i, host := range mx.Hosts[:min(len(mx.Hosts), maxProbedHosts)] {
		if host.Pseudo() {
			continue
		}
		into := &row.MX[i]
		probes.Go(func() error {
			seen, err := r.Mail.Prober.Probe(r.work, into.Host, r.stallsNow)
			if err != nil {
				return err
			}
			fillProbe(into, seen)
			return nil
		})
	}
	err := probes.Wait()
	if errors.Is(err, starttls.ErrStalled) {
		row.Pending, err = string(codes.PendingInterrupted), nil
	}
	for i := range row.MX {
		if err == nil && row.MX[i].STARTTLS != nil {
			addProbeFinding(row, codes.STARTTLS(*row.MX[i].STARTTLS))
		}
	}
	return err
}

func fillProbe(host *output.MXHost, seen starttls.Result) {
	host.STARTTLS = new(string(seen.Class))
	if seen.Addr.IsValid() {
		host.Addr = new(seen.Addr.String())
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
		host.CertSHA256, host.CertNotAfter = new(seen.Peer.CertSHA256), new(seen.Peer.NotAfter)
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
