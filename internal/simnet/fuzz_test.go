package simnet

import (
	"bytes"
	"io"
	"testing"

	"github.com/miekg/dns"
)

// Whatever it is sent, the server lives, and what it replies is a reply of the same id that fits.
func FuzzDatagram(f *testing.F) {
	w := openDNS(f)
	for _, name := range []string{"end.example.net", "big.example.com", "malformed.example.com", "loop.example.com", "."} {
		packet, err := question(name, dns.TypeTXT).Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet)
		f.Add(packet[:len(packet)-5])
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		buf := make([]byte, dns.MaxMsgSize)
		reply := w.datagram(packet, buf)
		if reply == nil || bytes.Equal(reply, garbage()) {
			return
		}
		if len(reply) < dnsHeadSize || len(reply) > max(ednsSize, len(packet)+64) || !bytes.Equal(reply[:2], packet[:2]) ||
			reply[2]&0x80 == 0 {
			t.Errorf("to %x: %x", packet, reply)
		}
	})
}

// A text is a world or an error.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(dnsWorld))
	f.Add([]byte(hostWorld + "wrong-name example.net"))
	f.Add([]byte(webWorld + "mta-sts.example.com body size 70\nmta-sts.example.com body prefix \"x\"\n"))
	f.Add([]byte(webWorld + "mta-sts.example.com http 302 Location: x\n-- truth --\nexample.com record=valid mx=a,b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		files, err := readArchive("world", data)
		if err != nil {
			return
		}
		text, err := newText("world", files)
		if err != nil {
			return
		}
		for name := range text.zones.sets {
			text.step(name, dns.TypeTXT)
			text.step("x."+name, dns.TypeA)
			text.site(name)
		}
	})
}

// A client of the proxy may send what it likes.
func FuzzSOCKS(f *testing.F) {
	w := openDNS(f)
	f.Add([]byte("\x05\x01\x00\x05\x01\x00\x01\x16\x01\x00\x01\x01\xbb"))
	f.Add([]byte("\x05\x01\x00\x05\x01\x00\x03\x0fend.example.net\x01\xbb"))
	f.Add([]byte("\x05\x02\x00\x01\x05\x01\x00\x04" +
		"\x3f\xfe\x57\x53\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\xbb"))
	f.Fuzz(func(t *testing.T, data []byte) {
		at, code, err := w.socksRequest(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(data), io.Discard})
		if err == nil && code == socksSucceeded && !at.IsValid() {
			t.Errorf("%x: connects to %s", data, at)
		}
	})
}
