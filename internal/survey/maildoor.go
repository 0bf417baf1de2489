package survey

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"time"

	"stsscan/internal/egress"
	"stsscan/internal/starttls"
)

// MailDoor is the way of a [starttls.Prober] to mail servers.
func MailDoor(door *egress.MailDoor) starttls.Door { return mailDoor{door} }

type mailDoor struct{ door *egress.MailDoor }

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
