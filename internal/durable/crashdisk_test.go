package durable_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"stsscan/internal/durable"
)

var errStep = errors.New("the step failed")

// A faultDisk fails one step, counted from 1: it does not do the step, or does it and reports a failure. Later
// steps work.
type faultDisk struct {
	durable.OS
	fail  int  // step that fails
	done  bool // it is done nevertheless
	steps int
}

// step does one step.
func (c *faultDisk) step(do func() error) error {
	c.steps++
	if c.steps != c.fail {
		return do()
	}
	if c.done {
		if err := do(); err != nil {
			return err
		}
	}
	return errStep
}

func (c *faultDisk) Create(name string) (h durable.Handle, err error) {
	err = c.step(func() error { h, err = c.OS.Create(name); return err })
	if err != nil {
		if h != nil {
			_ = h.Close()
		}
		return nil, err
	}
	return &faultHandle{h, c}, nil
}

func (c *faultDisk) Rename(from, to string) error {
	return c.step(func() error { return c.OS.Rename(from, to) })
}

func (c *faultDisk) Remove(name string) error {
	return c.step(func() error { return c.OS.Remove(name) })
}
func (c *faultDisk) SyncDir(dir string) error {
	return c.step(func() error { return c.OS.SyncDir(dir) })
}

type faultHandle struct {
	durable.Handle
	disk *faultDisk
}

func (h *faultHandle) Write(p []byte) (n int, err error) {
	err = h.disk.step(func() error { n, err = h.Handle.Write(p); return err })
	return n, err
}

func (h *faultHandle) Sync() error { return h.disk.step(h.Handle.Sync) }

func (h *faultHandle) Close() error {
	err := h.disk.step(h.Handle.Close)
	_ = h.Handle.Close() // the test's own descriptor
	return err
}

var errPower = errors.New("the power is gone")

// A powerLossDisk loses power at a step, counted from 1. Octets and names that were not synced by then are there
// in part or not at all: crash gives the directory one of the states in which it may be found afterwards. Data is
// kept in memory; the real directory is for readers until then.
type powerLossDisk struct {
	durable.OS
	dir    string
	random *rand.Rand
	last   int // step at which the power fails
	steps  int

	names   map[string]*inode // as of the last sync of the directory
	changes []change          // of names, not synced
}

// An inode is a file, whatever its name.
type inode struct {
	synced   []byte
	unsynced []byte // written behind it
}

// A change is of one name, or of two by a rename. It happens as a whole or not at all.
type change struct {
	gone string // name that ends; "": none
	name string // name that begins; "": none
	file *inode
}

func newPowerLossDisk(dir string, random *rand.Rand) (*powerLossDisk, error) {
	m := &powerLossDisk{dir: dir, random: random, names: make(map[string]*inode)}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		m.names[e.Name()] = &inode{synced: data}
	}
	return m, err
}

func (m *powerLossDisk) dead() bool {
	m.steps++
	return m.steps >= m.last
}

// now is the file with a name before the loss of power.
func (m *powerLossDisk) now(name string) *inode {
	for _, c := range slices.Backward(m.changes) {
		switch name {
		case c.name:
			return c.file
		case c.gone:
			return nil
		}
	}
	return m.names[name]
}

func (m *powerLossDisk) Create(name string) (durable.Handle, error) {
	if m.dead() {
		return nil, errPower
	}
	h, err := m.OS.Create(name)
	if err != nil {
		return nil, err
	}
	file := new(inode)
	m.changes = append(m.changes, change{name: filepath.Base(name), file: file})
	return &powerLossHandle{h, m, file}, nil
}

func (m *powerLossDisk) Rename(from, to string) error {
	if m.dead() {
		return errPower
	}
	a, b := filepath.Base(from), filepath.Base(to)
	m.changes = append(m.changes, change{gone: a, name: b, file: m.now(a)})
	return m.OS.Rename(from, to)
}

func (m *powerLossDisk) Remove(name string) error {
	if m.dead() {
		return errPower
	}
	m.changes = append(m.changes, change{gone: filepath.Base(name)})
	return m.OS.Remove(name)
}

func (m *powerLossDisk) SyncDir(dir string) error {
	if m.dead() {
		return errPower
	}
	m.apply(func() bool { return true })
	return nil
}

// apply applies the changes of names for which keep is true.
func (m *powerLossDisk) apply(keep func() bool) {
	for _, c := range m.changes {
		if !keep() {
			continue
		}
		delete(m.names, c.gone)
		if c.name != "" {
			m.names[c.name] = c.file
		}
	}
	m.changes = nil
}

// crash gives the directory one of the states that a loss of power may leave: with any of the changes of names
// that were not synced, and of unsynced data any beginning, with or without rubbish behind it.
func (m *powerLossDisk) crash() error {
	m.apply(func() bool { return m.random.IntN(2) == 0 })
	if err := os.RemoveAll(m.dir); err != nil {
		return err
	}
	if err := os.Mkdir(m.dir, 0o755); err != nil {
		return err
	}
	for name, file := range m.names {
		left := slices.Clone(file.unsynced[:m.random.IntN(len(file.unsynced)+1)])
		if m.random.IntN(2) == 0 { // the length is there, and the octets are not
			left = append(left, make([]byte, len(file.unsynced)-len(left))...)
		}
		if err := os.WriteFile(filepath.Join(m.dir, name), append(slices.Clone(file.synced), left...), 0o644); err != nil {
			return err
		}
	}
	return nil
}

type powerLossHandle struct {
	durable.Handle
	disk *powerLossDisk
	file *inode
}

func (h *powerLossHandle) Write(p []byte) (int, error) {
	if h.disk.dead() {
		return 0, errPower
	}
	h.file.unsynced = append(h.file.unsynced, p...)
	return h.Handle.Write(p)
}

func (h *powerLossHandle) Sync() error {
	if h.disk.dead() {
		return errPower
	}
	h.file.synced, h.file.unsynced = append(h.file.synced, h.file.unsynced...), nil
	return nil
}

func (h *powerLossHandle) Close() error {
	err := h.Handle.Close()
	if h.disk.dead() {
		return errPower
	}
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
