//go:build unix

package durable

import (
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A pipe, a socket and a device are written to, by name and through a symbolic link, and are still there
// afterwards.
func TestOutputSpecial(t *testing.T) {
	for _, tt := range []struct {
		name string
		mode fs.FileMode
		make func(t *testing.T, path string) (read func() []byte) // nil: nothing can be read
	}{
		{"pipe", fs.ModeNamedPipe, makePipe},
		{"socket", fs.ModeSocket, makeSocket},
		{"device", fs.ModeDevice | fs.ModeCharDevice, makeNull},
	} {
		for _, linked := range []bool{false, true} {
			name := tt.name
			if linked {
				name += " behind a link"
			}
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "x")
				read := tt.make(t, path)
				named := path
				if linked {
					named = filepath.Join(dir, "link")
					if err := os.Symlink("x", named); err != nil {
						t.Fatal(err)
					}
				}
				if err := CheckOutput(named); err != nil {
					t.Errorf("beforehand: %v", err)
				}
				if err := WriteOutput(named, []byte("content")); err != nil {
					t.Error(err)
				}
				if read != nil {
					if got := read(); string(got) != "content" {
						t.Errorf("read %q", got)
					}
				}
				info, err := os.Lstat(path)
				if err != nil || info.Mode().Type() != tt.mode {
					t.Errorf("afterwards it is %v, %v", info.Mode(), err)
				}
			})
		}
	}
}

func makePipe(t *testing.T, path string) func() []byte {
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	return readAll(func() (io.ReadCloser, error) { return os.Open(path) })
}

func makeSocket(t *testing.T, path string) func() []byte {
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return readAll(func() (io.ReadCloser, error) { return listener.Accept() })
}

// makeNull makes a null device beside that of the machine.
func makeNull(t *testing.T, path string) func() []byte {
	if err := unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil {
		t.Skip(err) // only root may
	}
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		t.Skip(err) // a file system without devices
	} else {
		_ = f.Close()
	}
	return nil
}

// readAll reads in the background. Its result waits for the end.
func readAll(open func() (io.ReadCloser, error)) func() []byte {
	all := make(chan []byte, 1)
	go func() {
		var data []byte
		if r, err := open(); err == nil {
			data, _ = io.ReadAll(r)
			_ = r.Close()
		}
		all <- data
	}()
	return func() []byte { return <-all }
}
