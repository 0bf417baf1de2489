package egress

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// bundleModule is the module that the bundle comes with.
const bundleModule = "golang.org/x/crypto/x509roots/fallback"

// BundleRoots returns the roots that Mozilla trusts, as of the build of the program, so that every machine
// comes to the same verdict. The date, as in "2026-10-30", is that of the version of the bundle's module; it is
// "unknown" where the build does not say.
func BundleRoots() (roots *x509.CertPool, date string, err error) {
	roots = x509.NewCertPool()
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, "", fmt.Errorf("egress: bundled root: %w", err)
		}
		if root.Constraint == nil {
			roots.AddCert(cert)
		} else {
			roots.AddCertWithConstraint(cert, root.Constraint)
		}
	}
	info, _ := debug.ReadBuildInfo()
	return roots, bundleDate(info), nil
}

func bundleDate(info *debug.BuildInfo) string {
	const unknown = "unknown"
	if info == nil {
		return unknown
	}
	for _, module := range info.Deps {
		if module.Path != bundleModule {
			continue
		}
		if module.Replace != nil {
			module = module.Replace
		}
		// A pseudo-version: v0.0.0-20261030153154-30a33513ff6d.
		for part := range strings.SplitSeq(module.Version, "-") {
			if at, err := time.Parse("20060102150405", part); err == nil {
				return at.Format(time.DateOnly)
			}
		}
	}
	return unknown
}

// ReadRoots reads the certificates of a PEM file as roots. Other kinds of blocks are skipped; a file without a
// certificate is an error.
func ReadRoots(path string) (*x509.CertPool, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	n := 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		n++
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", path, n, err)
		}
		roots.AddCert(cert)
	}
	if n == 0 {
		return nil, fmt.Errorf("%s: %w", path, errors.New("no certificate in PEM form"))
	}
	return roots, nil
}
