package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// writeTo writes what write writes to a path that the user named; "" writes
// nothing, "-" to stdout. A file is replaced whole or made, also at the end of a
// symbolic link, which stays. What is no regular file (a device, a pipe, a
// socket) and what standard output or error goes to is written to and never
// replaced.
func writeTo(name string, stdout io.Writer, write func(io.Writer) error) error {
	switch name {
	case "":
		return nil
	case "-":
		return write(stdout)
	}
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	info, err := os.Stat(name)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && info.IsDir():
		return fmt.Errorf("write %s: is a directory", name)
	case err == nil && standard(info) != nil:
		_, err = text.WriteTo(standard(info))
		return err
	case err == nil && info.Mode()&fs.ModeSocket != 0:
		conn, err := net.Dial("unix", name)
		if err != nil {
			return err
		}
		_, err = text.WriteTo(conn)
		return errors.Join(err, conn.Close())
	case err == nil && !info.Mode().IsRegular():
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = text.WriteTo(file)
		return errors.Join(err, file.Close())
	}
	target, err := follow(name)
	if err != nil {
		return err
	}
	return replace(target, text.Bytes())
}

// checkOutput is the error that writeTo would meet at once: a directory, or one that
// is not there.
func checkOutput(name string) error {
	if name == "" || name == "-" {
		return nil
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("write %s: is a directory", name)
	case err == nil:
		return nil
	}
	target, err := follow(name)
	if err != nil {
		return err
	}
	_, err = os.Stat(filepath.Dir(target))
	return err
}

// checkDir is the error that makeDir would meet at once: something that is not a
// directory.
func checkDir(name string) error {
	if info, err := os.Stat(name); name != "" && err == nil && !info.IsDir() {
		return fmt.Errorf("write %s: is not a directory", name)
	}
	return nil
}

// standard is the standard stream that a file is, as /dev/stdout names it; nil:
// none.
func standard(info fs.FileInfo) *os.File {
	for _, std := range []*os.File{os.Stdout, os.Stderr} {
		if here, err := std.Stat(); err == nil && os.SameFile(info, here) {
			return std
		}
	}
	return nil
}

// replace makes data the whole content of a file, or leaves it as it was.
func replace(name string, data []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	if _, err := file.Write(data); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

// makeDir makes a directory, with those above it, or the one that a symbolic link
// leads to.
func makeDir(name string) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	target, err := follow(name)
	if err != nil {
		return err
	}
	return os.MkdirAll(target, 0o755)
}

// maxLinks is how many symbolic links may follow each other.
const maxLinks = 40

// follow is the path that name leads to by symbolic links, whether something is
// there or not.
func follow(name string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return name, nil
		}
		if err != nil {
			return "", err
		}
		link, err := os.Readlink(name)
		if err != nil {
			return "", err
		}
		if name, err = filepath.EvalSymlinks(filepath.Dir(name)); err != nil { // a link is relative to where it stands
			return "", err
		}
		if filepath.IsAbs(link) {
			name = link
		} else {
			name = filepath.Join(name, link)
		}
	}
	return "", fmt.Errorf("%s: too many symbolic links", name)
}
