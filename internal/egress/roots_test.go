package egress

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestBundleRoots(t *testing.T) {
	roots, date, err := BundleRoots()
	if err != nil || date == "" {
		t.Fatalf("date %q, error %v", date, err)
	}
	if roots.Equal(x509.NewCertPool()) {
		t.Error("no root")
	}
}

func TestBundleDate(t *testing.T) {
	module := func(version string, replace *debug.Module) *debug.BuildInfo {
		return &debug.BuildInfo{Deps: []*debug.Module{{Path: "example.com/other", Version: "v0.0.0-20010101000000-0"},
			{Path: bundleModule, Version: version, Replace: replace}}}
	}
	for _, c := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{module("v0.0.0-20261030153154-30a33513ff6d", nil), "2026-10-30"},
		{module("v1.2.3-0.20261030153154-30a33513ff6d", nil), "unknown"},
		{module("v0.1.0", nil), "unknown"},
		{module("v0.1.0", &debug.Module{Version: "v0.0.0-20270101000000-30a33513ff6d"}), "2027-01-01"},
		{&debug.BuildInfo{}, "unknown"},
		{nil, "unknown"},
	} {
		if got := bundleDate(c.info); got != c.want {
			t.Errorf("%+v: %q, want %q", c.info, got, c.want)
		}
	}
}

func TestReadRoots(t *testing.T) {
	p := newPKI(t)
	root := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.root.cert.Raw}))
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1, 2, 3}}))
	broken := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1, 2, 3}}))
	for content, want := range map[string]string{ // want: part of the error
		root:               "",
		"text\n" + root:    "",
		key + root:         "",
		"":                 "no certificate in PEM form",
		key:                "no certificate in PEM form",
		root + broken:      "certificate 2: ",
		"not PEM at all\n": "no certificate in PEM form",
	} {
		file := filepath.Join(t.TempDir(), "roots.pem")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		roots, err := ReadRoots(file)
		switch {
		case want == "" && (err != nil || !roots.Equal(p.roots())):
			t.Errorf("%.20q: %v", content, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), want)):
			t.Errorf("%.20q: error %v, want %q", content, err, want)
		}
	}
	if _, err := ReadRoots(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}
