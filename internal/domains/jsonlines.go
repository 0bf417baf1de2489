package domains

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"

	"stsscan/internal/durable"
)

// A jsonLines writes a file of JSON lines. It appears when it is whole.
type jsonLines struct {
	file *durable.File
	sum  hash.Hash
	buf  *bufio.Writer
	json *json.Encoder
}

func createJSONLines(disk durable.Disk, path string) (*jsonLines, error) {
	f, err := disk.Create(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	buf := bufio.NewWriterSize(io.MultiWriter(f, sum), 64<<10)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	return &jsonLines{file: f, sum: sum, buf: buf, json: enc}, nil
}

// commit completes the file and returns its SHA-256, in hexadecimal.
func (l *jsonLines) commit() (sum string, err error) {
	if err := l.buf.Flush(); err != nil {
		return "", err
	}
	return hex.EncodeToString(l.sum.Sum(nil)), l.file.Commit(nil)
}
