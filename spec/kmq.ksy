meta:
  id: kmq
  title: KMQ image
  file-extension: kmq
  xref:
    mime: image/x-kmq
  license: MIT
  ks-version: '0.10'
  endian: le
doc: |
  The parts of a .kmq file, for Kaitai Struct (https://kaitai.io): header, metadata, palette, frames
  section, bands.
  Payloads of coded palettes and of modelled bands stay bytes, checksums are read and not verified,
  and the rules that hold between fields are not checked: kmq.md has all of these.
doc-ref: kmq.md
seq:
  - id: header
    type: header
  - id: metadata
    type: metadata
    if: header.flags.metadata
  - id: palette
    type:
      switch-on: header.flags.coded_palette
      cases:
        false: palette
        true: coded_palette
  - id: frames_section
    type: frames_section
    if: header.flags.frames != 0
  - id: head_checksum
    type: u4
    doc: section 7
  - id: bands
    type: band
    repeat: expr
    repeat-expr: band_count
    if: header.flags.frames == 0
  - id: frames
    type: frame(_index)
    repeat: expr
    repeat-expr: frames_section.payload.frame_count.value
    if: header.flags.frames != 0
instances:
  band_count:
    value: (header.height + header.band_rows - 1) / header.band_rows
types:
  header:
    doc: section 3
    seq:
      - id: magic
        contents: [0x8b, KMQ]
      - id: version
        type: u1
        valid: 0
      - id: coding
        type: u1
        enum: coding
      - id: mode
        type: u1
        enum: mode
      - id: flags
        type: flags
      - id: width
        type: u4
        valid:
          min: 1
          max: 0x40000000
      - id: height
        type: u4
        valid:
          min: 1
          max: 0x40000000
      - id: color_count_minus_1
        type: u2
      - id: band_rows_minus_1
        type: u2
    instances:
      color_count:
        value: color_count_minus_1 + 1
      band_rows:
        value: band_rows_minus_1 + 1
      entry_size:
        doc: bytes of a palette entry, by mode (section 3.4)
        value: 'mode == mode::bilevel or mode == mode::l ? 1 : mode == mode::la ? 2 : mode == mode::p or mode == mode::rgb ? 3 : 4'
  flags:
    doc: section 3.5
    meta:
      bit-endian: le
    seq:
      - id: metadata
        type: b1
      - id: coded_palette
        type: b1
      - id: frames
        type: b2
        valid:
          any-of: [0, 3]
      - id: reserved
        type: b4
        valid: 0
  metadata:
    doc: section 4
    seq:
      - id: section_count
        type: u1
        valid:
          min: 1
      - id: sections
        type: section
        repeat: expr
        repeat-expr: section_count
  section:
    seq:
      - id: name_length
        type: u1
        valid:
          min: 1
          max: 32
      - id: name
        size: name_length
        type: str
        encoding: ASCII
      - id: length
        type: u4
        valid:
          max: 0x1000000
      - id: payload
        size: length
        type:
          switch-on: name
          cases:
            '"dpi"': dpi
  dpi:
    seq:
      - id: horizontal
        type: f8
      - id: vertical
        type: f8
  palette:
    doc: section 5
    seq:
      - id: entries
        size: _root.header.entry_size
        repeat: expr
        repeat-expr: _root.header.color_count
  coded_palette:
    doc: section 5.3
    seq:
      - id: length
        type: varint
      - id: payload
        size: length.value
  varint:
    doc: section 1, 7 bits a byte, the least significant first
    seq:
      - id: groups
        type: u1
        repeat: until
        repeat-until: _ < 0x80 or _index == 4
    instances:
      value:
        value: >-
          (groups[0] & 0x7f)
          + (groups.size > 1 ? (groups[1] & 0x7f) << 7 : 0)
          + (groups.size > 2 ? (groups[2] & 0x7f) << 14 : 0)
          + (groups.size > 3 ? (groups[3] & 0x7f) << 21 : 0)
          + (groups.size > 4 ? (groups[4] & 0x7f).as<u8> << 28 : 0)
  frames_section:
    doc: section 6.5.1
    seq:
      - id: length
        type: varint
      - id: payload
        size: length.value
        type: frames_payload
  frames_payload:
    seq:
      - id: frame_count
        type: varint
      - id: loop_count
        type: varint
      - id: ticks_per_second
        type: varint
      - id: key_interval
        type: varint
      - id: durations
        type: 'duration(_index == 0 ? 0 : durations[_index - 1].end)'
        repeat: until
        repeat-until: _.end >= frame_count.value
      - id: lengths
        type: varint
        repeat: expr
        repeat-expr: frame_count.value * _root.band_count
  duration:
    params:
      - id: start
        type: u8
        doc: number of the first frame of the run
    seq:
      - id: ticks
        type: varint
      - id: run
        type: varint
    instances:
      end:
        value: start + run.value
  frame:
    doc: section 6.5
    params:
      - id: number
        type: u4
    seq:
      - id: bands
        type: frame_band(number * _root.band_count + _index)
        repeat: expr
        repeat-expr: _root.band_count
  frame_band:
    params:
      - id: place
        type: u4
        doc: of the band among those of all frames
    seq:
      - id: payload
        size: length
      - id: checksum
        type: u4
        if: length > 0
        doc: section 7
    instances:
      length:
        value: _root.frames_section.payload.lengths[place].value
  band:
    doc: section 6.1
    seq:
      - id: length
        type: u4
      - id: payload
        size: length
      - id: checksum
        type: u4
        doc: section 7
enums:
  coding:
    0: packed
    1: modelled
  mode:
    0: bilevel
    1: l
    2: la
    3: p
    4: p_alpha
    5: pa
    6: rgb
    7: rgba
