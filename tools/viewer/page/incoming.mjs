// Files that are dropped, chosen or pasted.

/** `onFiles` gets an array of File. */
export function listen(input, onFiles) {
  const give = (files) => files?.length && onFiles([...files]);
  input.addEventListener("change", () => {
    give(input.files);
    input.value = ""; // so that the same file can be chosen again
  });
  document.addEventListener("paste", ({ clipboardData }) => give(clipboardData.files));
  const { classList } = document.body;
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    classList.add("dropping");
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    classList.remove("dropping");
    give(event.dataTransfer.files);
  });
}

/** Has the browser save bytes. */
export function download(parts, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
