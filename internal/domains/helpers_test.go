package domains

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"go.uber.org/goleak"

	"stsscan/internal/durable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noise is a list of n names that do not compress well, the same ones each time.
func noise(n int) string {
	r := rand.NewChaCha8([32]byte{1})
	var b strings.Builder
	var octets [8]byte
	for range n {
		r.Read(octets[:])
		b.WriteString(hex.EncodeToString(octets[:]))
		b.WriteString(".com\n")
	}
	return b.String()
}

// quick is a disk that does not sync: these tests are not about losses of power.
func quick() durable.Disk { return durable.Disk{FS: quickFS{}} }

type quickFS struct{ durable.OS }

type quickHandle struct{ durable.Handle }

func (f quickFS) Create(name string) (durable.Handle, error) {
	h, err := f.OS.Create(name)
	return quickHandle{h}, err
}

func (quickFS) SyncDir(string) error { return nil }
func (quickHandle) Sync() error      { return nil }

// writeList writes a list into a directory of its own.
func writeList(t testing.TB, name, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipOf(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zipOf is an archive of files, each with its name before its text.
func zipOf(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
