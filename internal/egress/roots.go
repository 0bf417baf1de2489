package egress

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// bundleModule is the module whose version dates the bundled roots.
const bundleModule = "golang.org/x/crypto/x509roots/fallback"

// BundleRoots returns Mozilla's roots as they are built into the program, the
// same on every machine, and the date of the bundle, "2026-10-30". The date is
// "unknown" where the build information does not tell it, as in tests.
func BundleRoots() (*x509.CertPool, string, error) {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, "", fmt.Errorf("bundled roots: %w", err)
		}
		if root.Constraint == nil {
			pool.AddCert(cert)
		} else {
			pool.AddCertWithConstraint(cert, root.Constraint)
		}
	}
	return pool, bundleDate(), nil
}

// bundleDate reads the date out of a version such as
// "v0.0.0-20261030153154-30a33513ff6d".
func bundleDate() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range info.Deps {
		if module.Path != bundleModule {
			continue
		}
		const prefix = "v0.0.0-"
		if len(module.Version) < len(prefix)+8 {
			break
		}
		if date, err := time.Parse("20060102", module.Version[len(prefix):len(prefix)+8]); err == nil {
			return date.Format(time.DateOnly)
		}
	}
	return "unknown"
}

// ReadRoots reads a file of certificates in PEM.
func ReadRoots(path string) (*x509.CertPool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	certificates := 0
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", path, certificates+1, err)
		}
		pool.AddCert(cert)
		certificates++
	}
	if certificates == 0 {
		return nil, fmt.Errorf("%s: no certificates in PEM", path)
	}
	return pool, nil
}
