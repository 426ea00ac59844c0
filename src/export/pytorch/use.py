# The types of numbers in a safetensors file.
KINDS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


def load_file(path):
    """The tensors of a safetensors file."""
    data = bytearray(Path(path).read_bytes())
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        kind, (begin, end) = KINDS[entry["dtype"]], entry["data_offsets"]
        flat = torch.frombuffer(data[8 + size + begin : 8 + size + end], dtype=kind) if end > begin else torch.empty(0)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def save_file(tensors, path):
    """Writes tensors, such as a state dict, to a safetensors file."""
    kinds = {kind: name for name, kind in KINDS.items()}
    header, chunks, end = {}, [], 0
    for name, tensor in tensors.items():
        flat = tensor.detach().cpu().contiguous()
        chunk = ctypes.string_at(flat.data_ptr(), flat.numel() * flat.element_size())
        header[name] = {"dtype": kinds[flat.dtype], "shape": list(flat.shape), "data_offsets": [end, end + len(chunk)]}
        chunks.append(chunk)
        end += len(chunk)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(chunks))


def load(folder=Path(__file__).parent):
    """The network with the weights in `model.safetensors`, ready to classify."""
    network = Network()
    network.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    return network.eval()


def read_png(path):
    """The pixels of a PNG file with 8 bits a channel that isn't interlaced: `[height, width, channels]`, 0 to 255."""
    data = Path(path).read_bytes()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"{path}: not a PNG file; other formats need Pillow (pip install pillow)")
    at, compressed, palette, header = 8, b"", b"", None
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk = data[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", chunk)
        elif kind == b"PLTE":
            palette = chunk
        elif kind == b"IDAT":
            compressed += chunk
        at += 12 + size
    width, height, depth, color, _, _, interlaced = header
    if depth != 8 or interlaced:
        raise ValueError(f"{path}: PNG files with {depth} bits or interlacing need Pillow (pip install pillow)")
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    raw, rows, above = zlib.decompress(compressed), [], bytearray(width * channels)
    for row in range(height):
        begin = row * (width * channels + 1)
        kind, line = raw[begin], bytearray(raw[begin + 1 : begin + 1 + width * channels])
        for i in range(len(line)):
            left = line[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            paeth = min((left, above[i], corner), key=lambda near: abs(left + above[i] - corner - near))
            line[i] = (line[i] + (0, left, above[i], (left + above[i]) // 2, paeth)[kind]) & 255
        rows.append(line)
        above = line
    if color == 3:
        rows = [bytearray(byte for index in line for byte in palette[3 * index : 3 * index + 3]) for line in rows]
        channels = 3
    return torch.frombuffer(bytearray().join(rows), dtype=torch.uint8).reshape(height, width, channels)


def read_image(path):
    """The pixels of an image file: `[height, width, 1 or 3]`, 0 to 255."""
    try:
        from PIL import Image
    except ImportError:
        pixels = read_png(path)
    else:
        with Image.open(path) as image:
            if image.mode.startswith("I"):  # 16 bits
                values = torch.frombuffer(bytearray(image.convert("I").tobytes()), dtype=torch.int32)
                values = ((values + 128) // 257).clamp(0, 255).to(torch.uint8)
                return values.reshape(image.height, image.width, 1)
            image = image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
            bytes_, bands = bytearray(image.tobytes()), len(image.getbands())
            pixels = torch.frombuffer(bytes_, dtype=torch.uint8).reshape(image.height, image.width, bands)
    return pixels[:, :, : 1 if pixels.shape[2] < 3 else 3]


def preprocess(pixels, config):
    """Pixels `[height, width, channels]`, 0 to 255, as a batch of one image: its size, its channels, normalized."""
    image = pixels.permute(2, 0, 1)[None].float()
    size = config["image_size"]
    if list(image.shape[2:]) != size:
        image = F.interpolate(image, size, mode="bilinear", align_corners=False, antialias=True).round().clamp(0, 255)
    if config["num_channels"] == 1 and image.shape[1] == 3:
        # The brightness, rounded down.
        weights = torch.tensor([2126.0, 7152.0, 722.0]).reshape(1, 3, 1, 1)
        image = ((image * weights).sum(1, keepdim=True) / 10000).floor()
    image = image.expand(-1, config["num_channels"], -1, -1)
    mean, deviation = (torch.tensor(config[name]).reshape(1, -1, 1, 1) for name in ("image_mean", "image_std"))
    return (image / 255 - mean) / deviation


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: python model.py IMAGE...")
    config = json.loads((Path(__file__).parent / "config.json").read_text(encoding="utf-8"))
    sys.stdout.reconfigure(errors="replace")
    network = load()
    for path in sys.argv[1:]:
        with torch.no_grad():
            probabilities = network(preprocess(read_image(path), config)).softmax(1)[0]
        best = int(probabilities.argmax())
        print(f"{path}: {config['id2label'][str(best)]} ({100 * float(probabilities[best]):.1f} %)")


if __name__ == "__main__":
    main()
