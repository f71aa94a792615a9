/** The emoji of the panel. */
const ALL =
  "😀 😁 😂 🤣 😊 😇 🙂 😉 😍 🥰 😘 😋 😜 🤔 🤗 🤩 😎 😏 😌 😴 😔 😢 😭 😤 😡 😱 😳 🥺 😅 🙄 😬 🤐 👍 👎 👌 ✌️ 🤝 👏 🙏 💪 👋 ❤️ 💔 🎉 🎂 🌹 🌞 🌙 ⭐ 🔥 ☕ 🍺 🍚 🎁 🐶 🐱";

module.exports = { emoji: ALL.split(" ") };
