package domains

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"stsscan/internal/durable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

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
