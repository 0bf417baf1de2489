package simnet

import (
	"bytes"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"
)

// A textFile is one file of a text world.
type textFile struct {
	name   string // within the world, with slashes
	path   string // for errors: of the file itself, or of the archive
	before int    // lines of the archive before its first one
	data   []byte
}

// errorf is an error about a line, counted from 1 within the file; line 0 is the file as a whole.
func (f textFile) errorf(line int, format string, args ...any) error {
	where := f.path
	if line += f.before; line > 0 {
		where = fmt.Sprintf("%s:%d", where, line)
	}
	return fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...))
}

// lines are the lines that are neither empty nor comments, by their number.
func (f textFile) lines() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		number := 0
		for line := range strings.Lines(string(f.data)) {
			number++
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(number, line) {
				return
			}
		}
	}
}

func find(files []textFile, name string) (textFile, bool) {
	for _, f := range files {
		if f.name == name {
			return f, true
		}
	}
	return textFile{}, false
}

// readFiles reads a folder or an archive.
func readFiles(path string) ([]textFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readFolder(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return readArchive(path, data)
}

// readFolder reads all files below a folder but hidden ones.
func readFolder(folder string) ([]textFile, error) {
	var files []textFile
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(entry.Name(), ".") && path != folder
		switch {
		case err != nil:
			return err
		case hidden && entry.IsDir():
			return fs.SkipDir
		case hidden || entry.IsDir():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		files = append(files, textFile{name: filepath.ToSlash(name), path: path, data: data})
		return err
	})
	return files, err
}

// readArchive takes an archive apart and keeps account of its lines.
func readArchive(path string, data []byte) ([]textFile, error) {
	archive := txtar.Parse(data)
	line := bytes.Count(archive.Comment, []byte("\n"))
	var files []textFile
	for _, f := range archive.Files {
		line++ // -- name --
		file := textFile{name: f.Name, path: path, before: line, data: f.Data}
		if _, ok := find(files, f.Name); ok {
			return nil, file.errorf(0, "a second file %q", f.Name)
		}
		files = append(files, file)
		line += bytes.Count(f.Data, []byte("\n"))
	}
	return files, nil
}
