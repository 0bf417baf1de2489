package listfile

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noise is n lines that do not compress well, the same ones each time.
func noise(n int) string {
	r := mathrand.NewChaCha8([32]byte{1})
	var b strings.Builder
	var octets [8]byte
	for range n {
		r.Read(octets[:])
		b.WriteString(hex.EncodeToString(octets[:]))
		b.WriteString(".com\n")
	}
	return b.String()
}

func gzipOf(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstdOf(t testing.TB, text string, options ...zstd.EOption) string {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, options...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// utf16Of is text in UTF-16 behind a byte order mark.
func utf16Of(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// testdata reads a file that a program for that compression made.
func testdata(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// xzOf is an xz stream (The .xz File Format, section 2.1) of a text of less than 64 KiB, not compressed.
func xzOf(text string) string {
	withSum := func(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)) }
	padded := func(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }
	flags := "\x00\x01" // a CRC32 behind each block
	block := withSum([]byte("\x02\x00\x21\x01\x00\x00\x00\x00"))
	if text != "" { // one chunk, which is stored
		block = binary.BigEndian.AppendUint16(append(block, 1), uint16(len(text)-1))
		block = append(block, text...)
	}
	block = append(block, 0)
	unpadded := len(block) + 4
	block = binary.LittleEndian.AppendUint32(padded(block), crc32.ChecksumIEEE([]byte(text)))
	index := binary.AppendUvarint(binary.AppendUvarint([]byte{0, 1}, uint64(unpadded)), uint64(len(text)))
	index = withSum(padded(index))
	footer := append(binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1)), flags...)
	var b bytes.Buffer
	b.WriteString("\xfd7zXZ\x00")
	b.Write(withSum([]byte(flags)))
	b.Write(block)
	b.Write(index)
	b.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(footer)))
	b.Write(footer)
	b.WriteString("YZ")
	return b.String()
}

// xzWithFilter gives the first block of an xz stream another filter, of three octets.
func xzWithFilter(data, filter string) string {
	const header = 12 // of the stream
	b := []byte(data)
	copy(b[header+2:], filter)
	binary.LittleEndian.PutUint32(b[header+8:], crc32.ChecksumIEEE(b[header:header+8]))
	return string(b)
}

// bzip2Of has the bzip2 streams of a few texts.
func bzip2Of(t testing.TB, text string) string {
	t.Helper()
	data, err := hex.DecodeString(map[string]string{
		"":        "425a683917724538509000000000",
		"a.com\n": "425a6839314159265359d86f47720000015100001000012802a00021800c02c736e2ee48a70a121b0de8ee40",
		"b.com\n": "425a6839314159265359f51750fa0000015100001000011802a00021800c02c736e2ee48a70a121ea2ea1f40",
		"a.com\nb.com\n": "425a6839314159265359ce69b8ef0000025100001000013802a00021283d4d0860385d1210f177245385090" +
			"ce69b8ef0",
	}[text])
	if err != nil || len(data) == 0 {
		t.Fatalf("no bzip2 stream of %q: %v", text, err)
	}
	return string(data)
}

func zipOf(t testing.TB, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	for i := 0; i+1 < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// encryptedZip is an archive whose one file is marked as encrypted.
func encryptedZip(t testing.TB) string {
	archive := []byte(zipOf(t, "a", "a.com\n"))
	archive[bytes.Index(archive, []byte("PK\x01\x02"))+8] |= 1
	return string(archive)
}

// writeList writes a list into a directory of its own.
func writeList(t testing.TB, name, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The same names come out of every compression, from a file and from standard input, and the sum is that of the
// stored octets.
func TestSource(t *testing.T) {
	const text = "a.com\nb.com\n"
	tests := []struct{ name, data string }{
		{"plain", text},
		{"byte order mark", "\xef\xbb\xbf" + text},
		{"UTF-16, little-endian", utf16Of(binary.LittleEndian, text)},
		{"UTF-16, big-endian", utf16Of(binary.BigEndian, text)},
		{"gzip with UTF-16", gzipOf(t, utf16Of(binary.LittleEndian, text))},
		{"zip with UTF-16", zipOf(t, "list.txt", utf16Of(binary.BigEndian, text))},
		{"gzip", gzipOf(t, text)},
		{"gzip in two members", gzipOf(t, "a.com\n") + gzipOf(t, "b.com\n")},
		{"gzip padded with zeros", gzipOf(t, text) + strings.Repeat("\x00", 512<<10+1)}, // more than is buffered
		{"gzip padded with one zero", gzipOf(t, "a.com\n") + gzipOf(t, "b.com\n") + "\x00"},
		{"gzip with empty members", strings.Repeat(gzipOf(t, ""), 300) + gzipOf(t, text) + gzipOf(t, "")},
		{"zip padded with zeros", zipOf(t, "top-1m.csv", text) + strings.Repeat("\x00", 10<<10)},
		{"gzip with a byte order mark", gzipOf(t, "\xef\xbb\xbf"+text)},
		{"zstd", zstdOf(t, text)},
		{"zstd in two frames", zstdOf(t, "a.com\n") + zstdOf(t, "b.com\n")},
		{"zstd behind a skippable frame", "\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstdOf(t, text)},
		{"xz", xzOf(text)},
		{"xz in two streams", xzOf("a.com\n") + xzOf("b.com\n")},
		{"xz in two streams with padding", xzOf("a.com\n") + "\x00\x00\x00\x00" + xzOf("b.com\n") + "\x00\x00\x00\x00"},
		{"xz with a byte order mark", xzOf("\xef\xbb\xbf" + text)},
		{"bzip2", bzip2Of(t, text)},
		{"bzip2 in two streams", bzip2Of(t, "a.com\n") + bzip2Of(t, "b.com\n")},
		{"bzip2 behind an empty stream", bzip2Of(t, "") + bzip2Of(t, text)},
		{"zip", zipOf(t, "top-1m.csv", text)},
		{"zip with a folder", zipOf(t, "lists/", "", "lists/top.csv", text)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := writeList(t, "list", tt.data)
			for _, from := range []string{path, "-"} {
				s, err := Open(from, Options{Stdin: iotest.HalfReader(strings.NewReader(tt.data))})
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(s)
				if err != nil || string(got) != text {
					t.Errorf("text %q, %v", got, err)
				}
				checkSum(t, s, tt.data)
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
		})
	}
}

func checkSum(t *testing.T, s *Source, data string) {
	t.Helper()
	want := sha256.Sum256([]byte(data))
	sum, n, err := s.Sum()
	if err != nil || sum != hex.EncodeToString(want[:]) || n != int64(len(data)) {
		t.Errorf("sum %s of %d, %v; want %x of %d", sum, n, err, want, len(data))
	}
}

// The sum is that of the whole list, even if little of it was read.
func TestSumOfTheRest(t *testing.T) {
	data := gzipOf(t, rand.Text()+strings.Repeat("a.com\n", 1<<20))
	s, err := Open(writeList(t, "list", data), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := io.ReadFull(s, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	checkSum(t, s, data)
}

// Files that are no lists are left out, and named.
func TestLeftOut(t *testing.T) {
	for _, tt := range []struct {
		list    string   // its name
		leftOut []string // beside it
	}{
		{"top-1m.csv", nil},
		{"lists/Top.CSV", []string{"__MACOSX/lists/._Top.CSV", "__MACOSX/x"}},
		{"a", []string{".DS_Store", "lists/.hidden/b.csv", "Thumbs.db", "x/desktop.ini"}},
		{"names.txt", []string{"readme", "README.TXT", "Readme.md", "LICENSE", "license.txt", "terms.txt", "about.html", "names.txt.sha256"}},
		{`lists\a.txt`, []string{`__MACOSX\._a.txt`, `lists\.b.txt`}},
		{"readme.csv.txt", []string{"readme.csv"}}, // what is named for a description is one
		{"licences.csv", []string{"terms.pdf"}},
	} {
		members := []string{"folder/", ""}
		for _, name := range tt.leftOut {
			members = append(members, name, "no list")
		}
		data := zipOf(t, append(members, tt.list, "a.com\n")...)
		s, err := Open("-", Options{Stdin: strings.NewReader(data), Temp: filepath.Join(t.TempDir(), ".tmp-")})
		if err != nil {
			t.Errorf("%s: %v", tt.list, err)
			continue
		}
		text, err := io.ReadAll(s)
		if err != nil || string(text) != "a.com\n" || !slices.Equal(s.LeftOut(), tt.leftOut) {
			t.Errorf("%s: %q, %v, left out %q", tt.list, text, err, s.LeftOut())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name, data, want string
	}{
		{"empty zip", zipOf(t), "open LIST: no list in the zip archive: it is empty"},
		{"zip of a folder", zipOf(t, "lists/", ""), "open LIST: no list in the zip archive: it is empty"},
		{"zip without a list", zipOf(t, "ReadMe.txt", "x", "__MACOSX/._a.csv", "x"), `open LIST: no list in the zip archive: "ReadMe.txt", "__MACOSX/._a.csv": unpack it and name the list`},
		{"zip of two", zipOf(t, "a.csv", "x", ".b", "y", "c/d\n.txt", "y"), `open LIST: 2 lists in the zip archive, not one: "a.csv", "c/d\n.txt": unpack it and name them`},
		{"zip of seven", zipOf(t, "1", "", "2", "", "3", "", "4", "", "5", "", "6", "", "7", ""), `open LIST: 7 lists in the zip archive, not one: "1", "2", "3", "4", "5", and 2 more: unpack it and name them`},
		{"Excel", zipOf(t, "[Content_Types].xml", "x", "xl/workbook.xml", "y"), "open LIST: a document of an office program, not a list: save it as CSV first"},
		{"OpenDocument", zipOf(t, "mimetype", "x", "content.xml", "y"), "open LIST: a document of an office program, not a list: save it as CSV first"},
		{"zip with a password", encryptedZip(t), "open LIST: the file in the zip archive is encrypted: decrypt it first"},
	}
	for _, tt := range tests {
		path := writeList(t, "list", tt.data)
		_, err := Open(path, Options{Temp: filepath.Join(dir, ".tmp-")})
		if want := strings.ReplaceAll(tt.want, "LIST", path); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Open(dir, Options{}); err == nil || err.Error() != "open "+dir+": is a directory" {
		t.Errorf("directory: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "missing"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := Open("-", Options{}); err == nil || err.Error() != "open -: there is no standard input" {
		t.Errorf("no standard input: %v", err)
	}
}

// Damaged data give the text before the damage, and then an error: never a short list that looks whole.
func TestDamagedSource(t *testing.T) {
	const half = "a.com\nb.com\n"
	names := half + noise(14_000)
	gz, zst, zipped := gzipOf(t, names), zstdOf(t, names), zipOf(t, "x", names)
	x, bz := testdata(t, "names.xz"), testdata(t, "names.bz2") // their names are the first of names
	broken := func(s string, i int) string { return s[:i] + string([]byte{s[i] ^ 0xff}) + s[i+1:] }
	tests := []struct {
		name, data, want string
		early            bool // nothing can be read before the error
	}{
		{name: "gzip cut off", data: gz[:len(gz)/2], want: "gzip data is cut off"},
		{name: "gzip cut off in its trailer", data: gz[:len(gz)-4], want: "gzip data is cut off"},
		{name: "gzip header cut off", data: gz[:5], want: "gzip data is cut off", early: true},
		{name: "gzip with a wrong sum", data: broken(gz, len(gz)-8), want: "gzip data is corrupt: gzip: invalid checksum"},
		{name: "gzip with garbage behind", data: gz + "garbage behind it", want: "gzip data has other data behind it"},
		{name: "gzip with garbage behind zeros", data: gz + "\x00\x00x", want: "gzip data has other data behind it"},
		{name: "gzip with a member behind zeros", data: gz + "\x00" + gz, want: "gzip data has other data behind it"},
		{name: "gzip with garbage far behind", data: gz + strings.Repeat("\x00", 512<<10) + "x", want: "gzip data has other data behind it"},
		{name: "gzip with little garbage", data: gz + "x", want: "gzip data has other data behind it"},
		{name: "gzip with a second member cut off", data: gz + gz[:1], want: "gzip data is cut off"},
		{name: "gzip with a second member of another method", data: gz + broken(gz, 2), want: "gzip data is corrupt: gzip: invalid header"},
		{name: "gzip of another method", data: broken(gz, 2), want: "gzip data is corrupt: gzip: invalid header", early: true},
		{name: "zstd cut off", data: zst[:len(zst)/2], want: "zstd data is cut off"},
		{name: "zstd with a wrong sum", data: broken(zst, len(zst)-1), want: "zstd data is corrupt: CRC check failed"},
		{name: "zstd with garbage behind", data: zst + "garbage behind it", want: "zstd data has other data behind it"},
		{name: "zstd with zeros behind", data: zst + "\x00\x00\x00\x00", want: "zstd data has other data behind it"}, // RFC 8878 knows skippable frames, and no padding
		{name: "xz cut off", data: x[:len(x)/2], want: "xz data is cut off"},
		{name: "xz cut off in its footer", data: x[:len(x)-4], want: "xz data is cut off"},
		{name: "xz header cut off", data: x[:8], want: "xz data is cut off", early: true},
		{name: "xz with a wrong sum", data: broken(x, len(x)-25), want: "xz data is corrupt"},
		{name: "xz with another footer", data: broken(x, len(x)-8), want: "xz data is corrupt"},
		{name: "xz with garbage behind", data: x + "garbage behind it", want: "xz data has other data behind it"},
		{name: "xz with a second stream cut off", data: x + x[:20], want: "xz data is cut off"},
		{name: "xz with an unknown filter", data: xzWithFilter(x, "\x02\x00\x00"), want: "xz data is corrupt: xz: compression options not supported", early: true},
		{name: "xz that needs 4 GiB", data: xzWithFilter(x, "\x21\x01\x28"), want: "xz data needs a window of more than 128 MiB", early: true},
		{name: "bzip2 cut off", data: bz[:len(bz)/2], want: "bzip2 data is cut off", early: true},
		{name: "bzip2 cut off in its trailer", data: bz[:len(bz)-4], want: "bzip2 data is cut off"},
		{name: "bzip2 with a wrong sum", data: broken(bz, 10), want: "bzip2 data is corrupt: bzip2 data invalid: block checksum mismatch"},
		{name: "bzip2 with garbage behind", data: bz + "garbage behind it", want: "bzip2 data has other data behind it"},
		{name: "bzip2 with a second stream cut off", data: bz + bz[:8], want: "bzip2 data is cut off"},
		{name: "gzip in xz", data: xzOf(gz[:200]), want: "gzip data inside xz data: decompress it first", early: true},
		{name: "zip cut off", data: zipped[:len(zipped)/2], want: "zip data is corrupt: zip: not a valid zip file", early: true},
		{name: "zip with a wrong sum", data: zipWithWrongSum(t, names), want: "zip data is corrupt: zip: checksum error"},
		{name: "gzip in gzip", data: gzipOf(t, gz), want: "gzip data inside gzip data: decompress it first", early: true},
		{name: "zip in zstd", data: zstdOf(t, zipped), want: "zip data inside zstd data: decompress it first", early: true},
		{name: "UTF-16 in half a character", data: utf16Of(binary.LittleEndian, half) + "x", want: "UTF-16 text is cut off: it ends in half a character"},
		{name: "UTF-16 in gzip cut off", data: gzipOf(t, utf16Of(binary.BigEndian, names))[:50_000], want: "gzip data is cut off"},
		{name: "UTF-32", data: "\xff\xfe\x00\x00a\x00\x00\x00", want: "text in UTF-32: convert it to UTF-8 first", early: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Open(writeList(t, "list", tt.data), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got, err := io.ReadAll(s)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v\n want %s", err, tt.want)
			}
			if !strings.HasPrefix(names, string(got)) || tt.early != (len(got) == 0) {
				t.Errorf("%d octets before the error", len(got))
			}
			if _, again := s.Read(make([]byte, 1)); fmt.Sprint(again) != fmt.Sprint(err) {
				t.Errorf("next call: %v", again)
			}
		})
	}
}

// zipWithWrongSum damages the checksum in the table of contents.
func zipWithWrongSum(t *testing.T, text string) string {
	s := []byte(zipOf(t, "x", text))
	i := bytes.LastIndex(s, []byte("PK\x01\x02"))
	s[i+16] ^= 0xff
	return string(s)
}

// Data that shrinks to a thousandth is no list.
func TestBombs(t *testing.T) {
	const size = 17 << 20
	zeros := strings.Repeat("\x00", 1<<20)
	for name, data := range map[string]string{
		"gzip":  strings.Repeat(gzipOf(t, zeros), size>>20), // members in a row are one text
		"zstd":  strings.Repeat(zstdOf(t, zeros), size>>20),
		"xz":    strings.Repeat(testdata(t, "zeros.xz"), size>>20), // 1 MiB of them,
		"bzip2": strings.Repeat(testdata(t, "zeros.bz2"), size>>20),
		"zip":   zipOf(t, "x", strings.Repeat(zeros, size>>20)),
	} {
		s, err := Open("-", Options{Stdin: strings.NewReader(data)})
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, s)
		want := name + " data of more than 200 times its size: refused as a decompression bomb"
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v after %d octets, want %s", name, err, n, want)
		}
		if n > 17<<20 {
			t.Errorf("%s: %d octets came out", name, n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A short list may shrink more than the ratio of a bomb.
func TestShortIsNoBomb(t *testing.T) {
	text := strings.Repeat("a.com\n", 1<<20)
	data := gzipOf(t, text)
	if len(text)/len(data) < bombRatio {
		t.Fatalf("ratio %d proves nothing", len(text)/len(data))
	}
	s, err := Open("-", Options{Stdin: strings.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n, err := io.Copy(io.Discard, s); err != nil || n != int64(len(text)) {
		t.Errorf("%d octets, %v", n, err)
	}
}

func TestWindowTooLarge(t *testing.T) {
	// A frame header that asks for 256 MiB (RFC 8878, section 3.1.1.1.2), and an empty last block.
	frame := "\x28\xb5\x2f\xfd" + "\x00" + "\x90" + "\x01\x00\x00"
	s, err := Open("-", Options{Stdin: strings.NewReader(frame)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = io.ReadAll(s)
	if want := "zstd data needs a window of more than 128 MiB"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A fault of the disk is not reported as a fault of the data.
func TestReadFault(t *testing.T) {
	fault := errors.New("input/output error")
	data := gzipOf(t, noise(20_000))
	in := io.MultiReader(strings.NewReader(data[:len(data)/2]), iotest.ErrReader(fault))
	s, err := Open("-", Options{Stdin: in})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := io.ReadAll(s); err != fault {
		t.Errorf("read: %v", err)
	}
	if _, _, err := s.Sum(); !errors.Is(err, fault) {
		t.Errorf("sum: %v", err)
	}
}

// FuzzUTF16: what the standard library decodes at once comes out, however it is read.
func FuzzUTF16(f *testing.F) {
	for _, text := range []string{
		"a.com\nb.com\n", "b\u00fccher.de\r\n\U0001f600.com", strings.Repeat("x", 4<<10), "\ufeff",
	} {
		f.Add([]byte(utf16Of(binary.LittleEndian, text)[2:]), false)
		f.Add([]byte(utf16Of(binary.BigEndian, text)[2:]), true)
	}
	f.Add([]byte("\x00\xd8a\x00\x00\xdc\x00\xd8"), false) // surrogates in no pair
	f.Fuzz(func(t *testing.T, data []byte, big bool) {
		order, mark := binary.ByteOrder(binary.LittleEndian), "\xff\xfe"
		if big {
			order, mark = binary.BigEndian, "\xfe\xff"
		}
		var units []uint16
		for i := 0; i+1 < len(data); i += 2 {
			units = append(units, order.Uint16(data[i:]))
		}
		if !big && len(units) > 0 && units[0] == 0 {
			return // the mark of UTF-32
		}
		want := string(utf16.Decode(units))
		for _, in := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
			s, err := Open("-", Options{Stdin: io.MultiReader(strings.NewReader(mark), in)})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(s)
			if string(got) != want || (err != nil) != (len(data)%2 == 1) {
				t.Fatalf("%q, %v, want %q", got, err, want)
			}
		}
	})
}

// FuzzOpen: no octets make a reader panic, hang, or take more memory than its limits, and an error is permanent.
func FuzzOpen(f *testing.F) {
	const text = "a.com\nb.com\n"
	for _, data := range []string{
		text, gzipOf(f, text), zstdOf(f, text), xzOf(text), bzip2Of(f, text), zipOf(f, "list", text),
		testdata(f, "zeros.xz"), testdata(f, "zeros.bz2"), xzOf("a.com\n") + "\x00\x00\x00\x00" + xzOf("b.com\n"),
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Open("-", Options{Stdin: bytes.NewReader(data), Temp: filepath.Join(t.TempDir(), ".tmp-")})
		if err != nil {
			return
		}
		defer s.Close()
		n, err := io.Copy(io.Discard, s)
		if most := int64(max(bombFloor, bombRatio*len(data))) + 1<<20; n > most {
			t.Fatalf("%d octets came out of %d", n, len(data))
		}
		if err == nil {
			err = io.EOF
		}
		if _, again := s.Read(make([]byte, 1)); fmt.Sprint(again) != fmt.Sprint(err) {
			t.Fatalf("error %v, then %v", err, again)
		}
		checkSum(t, s, string(data))
	})
}
