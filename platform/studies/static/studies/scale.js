/* Sliders that hold no value until they are touched. What is sent is the hidden field before each. */

for (const answer of document.querySelectorAll(".scale-answer")) {
  const [hidden, slider] = answer.querySelectorAll("input");
  const said = answer.querySelector("output");
  const clear = answer.querySelector(".clear");

  const show = (value) => {
    hidden.value = value;
    said.textContent = value || slider.dataset.untouched;
    slider.setAttribute("aria-valuetext", said.textContent);
    answer.classList.toggle("untouched", !value);
    if (clear) clear.hidden = !value;
  };
  const touch = () => show(slider.value);

  slider.addEventListener("input", touch);
  // A click on the thumb where it stands, and Space or Enter, mean this very place: neither makes an input event.
  slider.addEventListener("click", touch);
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    touch();
  });
  clear?.addEventListener("click", () => {
    slider.value = 50;
    show("");
    slider.focus();
  });
  show(hidden.value);
}
document.querySelector("[aria-invalid='true']")?.focus();
