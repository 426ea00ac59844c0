"use strict";
for (const table of document.querySelectorAll("table.trials")) {
  const panel = table.closest("section"), body = table.tBodies[0], rows = [...body.rows];
  const controls = panel.querySelector(".controls"), shown = controls.querySelector(".shown");
  const value = cell => cell.dataset.v ?? cell.textContent;
  const show = () => { shown.textContent = rows.filter(row => !row.hidden).length + " of " + rows.length + " rows"; };
  controls.hidden = false;
  show();
  controls.querySelector(".filter").addEventListener("input", event => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(word => text.includes(word));
    }
    show();
  });
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const order = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order > 0 ? "ascending" : "descending");
      const key = row => { const text = value(row.cells[column]); return [text, text === "" ? NaN : Number(text)]; };
      const compare = (one, other) => {
        const [a, x] = key(one), [b, y] = key(other);
        if (a === "" || b === "") return (a === "") - (b === "");
        if (!Number.isNaN(x) && !Number.isNaN(y)) return order * (x - y);
        return order * a.localeCompare(b);
      };
      rows.sort(compare);
      body.append(...rows);
    });
  });
  controls.querySelector(".csv").addEventListener("click", () => {
    const field = text => /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
    const line = cells => [...cells].map(cell => field(value(cell))).join(",");
    const lines = [line(table.tHead.rows[0].cells), ...rows.filter(row => !row.hidden).map(row => line(row.cells))];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
    link.download = panel.dataset.run.replace(/[^\w.-]+/g, "_") + ".csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}
