/** A row of a form: a label, a value, a count, and an arrow when it leads somewhere. What is inside it stands at its end. */
Component({
  properties: {
    label: String,
    value: String,
    icon: String,
    count: Number,
    arrow: Boolean,
  },
});
