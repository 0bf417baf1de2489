package simnet

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
)

func longName(i int) string {
	label := "." + strings.Repeat("x", 60)
	return fmt.Sprintf("tenant-%02d", i) + strings.Repeat(label, 3) + "." + strings.Repeat("y", 40) + ".example.net"
}

// Who names no host gets the certificate of the hoster where the address has one, and an alert elsewhere.
func TestNameless(t *testing.T) {
	for word, accept := range map[string]func(error) bool{"nameless": is(nil), "serve": alertIs(112)} {
		w := openText(t, hostWorld+"internal-error\nmta-sts.example.com tcp "+word+"\n")
		config := &tls.Config{InsecureSkipVerify: true}
		conn, err := shake(t.Context(), w, config)
		if !accept(err) {
			t.Errorf("%s: %v", word, err)
		}
		if conn != nil {
			if names := conn.ConnectionState().PeerCertificates[0].DNSNames; names[0] != defaultHoster {
				t.Errorf("%s: %q", word, names)
			}
			conn.Close()
		}
		config.ServerName = "mta-sts.example.com"
		if _, err := shake(t.Context(), w, config); !alertIs(80)(err) {
			t.Errorf("%s: %v", word, err)
		}
	}
}

// What lets a scanner tell an incomplete chain from an untrusted authority: whether the last certificate is its
// own issuer.
func TestLastCertificate(t *testing.T) {
	for word, complete := range map[string]bool{"incomplete-chain": false, "unknown-authority": true,
		"self-signed": true} {
		w := openText(t, hostWorld+word+"\n")
		conn, err := shake(t.Context(), w, &tls.Config{ServerName: "mta-sts.example.com", InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		certs := conn.ConnectionState().PeerCertificates
		last := certs[len(certs)-1]
		if own := string(last.RawIssuer) == string(last.RawSubject); own != complete {
			t.Errorf("%s: the last certificate is of %s by %s", word, last.Subject, last.Issuer)
		}
		if len(certs[0].IssuingCertificateURL) != 1 {
			t.Errorf("%s: no pointer to the issuer's certificate", word)
		}
		conn.Close()
	}
}
