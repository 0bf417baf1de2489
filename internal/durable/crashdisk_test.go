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

// A clumsy disk fails one step, counted from 1: it does not do it, or it does it
// and says that it failed. The steps after it work.
type clumsy struct {
	durable.OS
	fail  int  // step that fails
	done  bool // and is done all the same
	steps int
}

// step does one step.
func (c *clumsy) step(do func() error) error {
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

func (c *clumsy) Create(name string) (h durable.Handle, err error) {
	err = c.step(func() error { h, err = c.OS.Create(name); return err })
	if err != nil {
		if h != nil {
			_ = h.Close()
		}
		return nil, err
	}
	return &clumsyHandle{h, c}, nil
}

func (c *clumsy) Rename(from, to string) error {
	return c.step(func() error { return c.OS.Rename(from, to) })
}

func (c *clumsy) Remove(name string) error { return c.step(func() error { return c.OS.Remove(name) }) }
func (c *clumsy) SyncDir(dir string) error { return c.step(func() error { return c.OS.SyncDir(dir) }) }

type clumsyHandle struct {
	durable.Handle
	disk *clumsy
}

func (h *clumsyHandle) Write(p []byte) (n int, err error) {
	err = h.disk.step(func() error { n, err = h.Handle.Write(p); return err })
	return n, err
}

func (h *clumsyHandle) Sync() error { return h.disk.step(h.Handle.Sync) }

func (h *clumsyHandle) Close() error {
	err := h.disk.step(h.Handle.Close)
	_ = h.Handle.Close() // the test's own descriptor
	return err
}

var errPower = errors.New("the power is gone")

// A mortal disk loses power at a step, counted from 1. What was not synced by then, octets and names alike, is
// there in part or not at all: crash leaves the directory as it may be found when the power is back. Data is kept
// in memory; the real directory is for those who read meanwhile.
type mortal struct {
	durable.OS
	dir    string
	random *rand.Rand
	last   int // step at which the power goes
	steps  int

	names   map[string]*inode // that would be found: what the directory was synced with
	changes []change          // of names, not synced
}

// An inode is a file, whatever its name.
type inode struct {
	synced   []byte
	unsynced []byte // written behind it
}

// A change is of one name, or of two by a rename: it is made as a whole or not.
type change struct {
	gone string // name that ends; "": none
	name string // name that begins; "": none
	file *inode
}

func newMortal(dir string, random *rand.Rand) (*mortal, error) {
	m := &mortal{dir: dir, random: random, names: make(map[string]*inode)}
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

func (m *mortal) dead() bool {
	m.steps++
	return m.steps >= m.last
}

// now is a name as it is while there is power.
func (m *mortal) now(name string) *inode {
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

func (m *mortal) Create(name string) (durable.Handle, error) {
	if m.dead() {
		return nil, errPower
	}
	h, err := m.OS.Create(name)
	if err != nil {
		return nil, err
	}
	file := new(inode)
	m.changes = append(m.changes, change{name: filepath.Base(name), file: file})
	return &mortalHandle{h, m, file}, nil
}

func (m *mortal) Rename(from, to string) error {
	if m.dead() {
		return errPower
	}
	a, b := filepath.Base(from), filepath.Base(to)
	m.changes = append(m.changes, change{gone: a, name: b, file: m.now(a)})
	return m.OS.Rename(from, to)
}

func (m *mortal) Remove(name string) error {
	if m.dead() {
		return errPower
	}
	m.changes = append(m.changes, change{gone: filepath.Base(name)})
	return m.OS.Remove(name)
}

func (m *mortal) SyncDir(dir string) error {
	if m.dead() {
		return errPower
	}
	m.settle(func() bool { return true })
	return nil
}

// settle makes those changes of names that keep holds for.
func (m *mortal) settle(keep func() bool) {
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

// crash makes the directory what may be left: any of the changes of names that were not synced, and of what was
// written and not synced any beginning, with or without rubbish behind it.
func (m *mortal) crash() error {
	m.settle(func() bool { return m.random.IntN(2) == 0 })
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

type mortalHandle struct {
	durable.Handle
	disk *mortal
	file *inode
}

func (h *mortalHandle) Write(p []byte) (int, error) {
	if h.disk.dead() {
		return 0, errPower
	}
	h.file.unsynced = append(h.file.unsynced, p...)
	return h.Handle.Write(p)
}

func (h *mortalHandle) Sync() error {
	if h.disk.dead() {
		return errPower
	}
	h.file.synced, h.file.unsynced = append(h.file.synced, h.file.unsynced...), nil
	return nil
}

func (h *mortalHandle) Close() error {
	err := h.Handle.Close()
	if h.disk.dead() {
		return errPower
	}
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
