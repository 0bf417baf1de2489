package egress

import (
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// opensslClass is the class of what `openssl verify` says first: its error and the depth of the certificate
// that it is about.
func opensslClass(code, depth int) codes.TLSError {
	switch code {
	case 9:
		return codes.TLSNotYetValid
	case 10:
		return codes.TLSExpired
	case 18: // the certificate is self-signed
		return codes.TLSSelfSigned
	case 19: // its chain ends at one that is self-signed
		return codes.TLSUnknownAuthority
	case 2, 20: // there is no issuer
		if depth == 0 {
			return codes.TLSIncompleteChain
		}
		return codes.TLSUnknownAuthority
	case 62:
		return codes.TLSNameMismatch
	case 7, 24, 26, 32, 47, 66, 67, 68, 79:
		return codes.TLSCertificate
	}
	return codes.TLSError(fmt.Sprintf("error %d at depth %d", code, depth))
}

// What is said about chains of all kinds is what openssl says, with the exceptions that have a reason.
func TestVerifyEqualsOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	if version, err := exec.Command(openssl, "version").Output(); err != nil ||
		!strings.HasPrefix(string(version), "OpenSSL 3.") {
		t.Skipf("another openssl: %s", version)
	}
	except := map[string]codes.TLSError{
		// openssl judges names and issuers first, and dates last.
		"expired and another name": codes.TLSNameMismatch,
		"expired and self-signed":  codes.TLSSelfSigned,
		"early and alone":          codes.TLSIncompleteChain,
		// It takes the common name where there is no other, and the star of a part.
		"common name only": "",
		"partial wildcard": "",
		// It does not look for the signer by its name alone.
		"signed with another key": codes.TLSIncompleteChain,
	}
	p := newPKI(t)
	directory := t.TempDir()
	write := func(name string, certs ...*authority) string {
		var text []byte
		for _, c := range certs {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})...)
		}
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	roots := write("roots", p.root)
	said := regexp.MustCompile(`error (\d+) at (\d+) depth lookup`)
	for _, c := range verifyCases(t, p) {
		if c.chain == nil {
			continue
		}
		out, err := exec.Command(openssl, "verify", "-CAfile", roots, "-no-CApath", "-no-CAstore", "-auth_level", "1",
			"-purpose", "sslserver", "-verify_hostname", host, "-attime", strconv.FormatInt(noon().Unix(), 10),
			"-untrusted", write("sent", c.chain...), write("leaf", c.chain[0])).CombinedOutput()
		var got codes.TLSError
		if m := said.FindSubmatch(out); m != nil {
			code, _ := strconv.Atoi(string(m[1]))
			depth, _ := strconv.Atoi(string(m[2]))
			got = opensslClass(code, depth)
		} else if err != nil {
			t.Fatalf("%s: %v: %s", c.title, err, out)
		}
		want, excepted := except[c.title]
		if !excepted {
			want = c.want
		}
		if got != want {
			t.Errorf("%s: openssl says %q, want %q: %s", c.title, got, want, out)
		}
	}
}
