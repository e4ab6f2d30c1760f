package rawjson

import "bytes"

// Parts counts the objects and lists in a text, and the commas between what is in them: about what a decoder allocates for. It does not check the
// text, and looks at each byte once.
func Parts(raw []byte) (n int) {
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '{', '[', ',':
			n++
		case '"':
			i = endOfString(raw, i+1)
		}
	}
	return n
}

// endOfString is where the quote is that ends a string, or the end of the text.
func endOfString(raw []byte, i int) int {
	for i < len(raw) {
		k := bytes.IndexAny(raw[i:], `"\`)
		if k < 0 {
			return len(raw)
		}
		if i += k; raw[i] == '"' {
			return i
		}
		i += 2
	}
	return i
}
