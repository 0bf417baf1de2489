package listfile

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// encrypted is the flag of an encrypted file in a zip archive (APPNOTE, section 4.4.4).
const encrypted = 0x1

// openZip copies an archive to a temporary file, since its table of contents is at the end, and opens the one list in
// it. The path of the copy begins with temp.
func (s *Source) openZip(r io.Reader, temp string) (_ io.Reader, err error) {
	dir, begin := filepath.Split(temp)
	copied, err := os.CreateTemp(dir, begin+"zip-*")
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { return cmp.Or(copied.Close(), os.Remove(copied.Name())) })
	size, err := io.Copy(copied, r)
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(copied, size)
	if err != nil {
		return errReader{err}, nil
	}
	list, err := s.findList(archive.File)
	if err != nil {
		return nil, err
	}
	text, err := list.Open()
	if err != nil {
		return errReader{err}, nil
	}
	s.closers = append(s.closers, text.Close)
	return text, nil
}

// findList returns the one list of an archive, and notes which files are left out since they are none.
func (s *Source) findList(files []*zip.File) (*zip.File, error) {
	var lists []*zip.File
	for _, f := range files {
		switch {
		case f.FileInfo().IsDir():
		case f.Name == "[Content_Types].xml", f.Name == "mimetype": // the first file of OOXML and of OpenDocument
			return nil, errors.New("a document of an office program, not a list: save it as CSV first")
		case isList(f.Name):
			lists = append(lists, f)
		default:
			s.leftOut = append(s.leftOut, f.Name)
		}
	}
	switch {
	case len(lists) > 1:
		var names []string
		for _, f := range lists {
			names = append(names, f.Name)
		}
		return nil, fmt.Errorf("%d lists in the zip archive, not one: %s: unpack it and name them", len(lists), quoted(names))
	case len(lists) == 0 && len(s.leftOut) == 0:
		return nil, errors.New("no list in the zip archive: it is empty")
	case len(lists) == 0:
		return nil, fmt.Errorf("no list in the zip archive: %s: unpack it and name the list", quoted(s.leftOut))
	case lists[0].Flags&encrypted != 0: // archive/zip would read on, and call it corrupt
		return nil, errors.New("the file in the zip archive is encrypted: decrypt it first")
	}
	return lists[0], nil
}

// isList says by the name of a file in an archive that it may be a list. It is none if it or one of its folders is
// hidden, if an operating system puts it there, or if it is about the list: a description, a licence, a checksum.
func isList(name string) bool {
	name = strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
	for _, part := range strings.Split(name, "/") {
		if strings.HasPrefix(part, ".") || part == "__macosx" {
			return false
		}
	}
	base, extension := path.Base(name), path.Ext(name)
	if slices.Contains([]string{"thumbs.db", "desktop.ini"}, base) || slices.Contains([]string{
		".md", ".rst", ".html", ".htm", ".xml", ".pdf", ".rtf", ".doc", ".docx", ".png", ".jpg", ".jpeg", ".gif", ".svg",
		".md5", ".sha1", ".sha256", ".sha512", ".asc", ".sig",
	}, extension) {
		return false
	}
	return !slices.Contains([]string{
		"readme", "read me", "license", "licence", "copying", "copyright", "notice", "terms", "changelog", "changes",
	}, strings.TrimSuffix(strings.TrimSuffix(base, ".txt"), extension))
}

// quoted lists a few names, for people.
func quoted(names []string) string {
	const most = 5
	var out []string
	for _, name := range names[:min(len(names), most)] {
		out = append(out, fmt.Sprintf("%.100q", name))
	}
	if more := len(names) - most; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}
