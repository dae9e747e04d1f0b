#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <stdexcept>

#include "base/text.hpp"
#include "space/constraints/expression.hpp"

namespace assay::space {
namespace {

using Op = Expression::Op;

/// Beyond any constraint that a person writes; keeps the recursion from exhausting the stack.
constexpr int deepest_expression = 60;
constexpr std::size_t longest = 4000;

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '#'; }
bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '#'; }

template <class... Parts>
[[noreturn]] void wrong(fmt::format_string<Parts...> text, Parts&&... parts) {
  throw std::invalid_argument(fmt::format(text, std::forward<Parts>(parts)...));
}

struct Symbol {
  enum class Kind { number, word, quoted, sign, end } kind = Kind::end;
  std::string text;
  char quote = 0;
  double number = 0;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) { advance(); }

  const Symbol& now() const { return now_; }
  bool is(std::string_view text) const {
    return now_.text == text && (now_.kind == Symbol::Kind::sign || now_.kind == Symbol::Kind::word);
  }
  bool take(std::string_view text) {
    if (!is(text)) return false;
    advance();
    return true;
  }
  /// "before 'rest'", or "at the end".
  std::string place() const {
    return now_.kind == Symbol::Kind::end ? "at the end" : fmt::format("before '{}'", text_.substr(start_));
  }
  std::string_view rest() const { return text_.substr(start_); }

  void advance() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    start_ = at_;
    now_ = {};
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
    if (c == '\'' || c == '"') return quoted(c);
    if (starts_name(c)) {
      while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
      now_ = {Symbol::Kind::word, std::string(text_.substr(start_, at_ - start_))};
      return;
    }
    const auto two = text_.substr(at_, 2);
    const bool pair = two == "<=" || two == ">=" || two == "==" || two == "!=";
    at_ += pair ? 2 : 1;
    now_ = {Symbol::Kind::sign, std::string(text_.substr(start_, at_ - start_))};
  }

 private:
  void number() {
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc()) wrong("'{}' begins with no number", text_.substr(at_));
    at_ = static_cast<std::size_t>(end - text_.data());
    now_ = {Symbol::Kind::number, std::string(text_.substr(start_, at_ - start_)), 0, value};
  }

  void quoted(char quote) {
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) wrong("a closing quote is missing");
    now_ = {Symbol::Kind::quoted, std::string(text_.substr(at_ + 1, end - at_ - 1)), quote};
    at_ = end + 1;
  }

  std::string_view text_;
  std::size_t at_ = 0, start_ = 0;
  Symbol now_;
};

const char* name_of(Type type) {
  return type == Type::number ? "a number" : type == Type::truth ? "true or false" : "a label";
}

Expression joined(Op op, Type type, std::vector<Expression> inputs) {
  Expression result;
  result.op = op;
  result.type = type;
  result.inputs = std::move(inputs);
  return result;
}

class Parser {
 public:
  Parser(std::string_view text, const Dictionary& dictionary, const Complaint& unknown)
      : scanner_(text), dictionary_(dictionary), unknown_(unknown) {}

  Expression run() {
    auto result = disjunction();
    if (scanner_.now().kind != Symbol::Kind::end) {
      wrong("unexpected '{}'{}", scanner_.rest(), scanner_.is("=") ? "; equality is written ==" : "");
    }
    if (result.type != Type::truth) wrong("a comparison is missing (<=, <, >=, >, == or !=)");
    return result;
  }

 private:
  Expression disjunction() {
    auto left = conjunction();
    while (scanner_.is("or")) left = connected(Op::any, "or", std::move(left), &Parser::conjunction);
    return left;
  }

  Expression conjunction() {
    auto left = negation();
    while (scanner_.is("and")) left = connected(Op::all, "and", std::move(left), &Parser::negation);
    return left;
  }

  Expression connected(Op op, const char* word, Expression left, Expression (Parser::*next)()) {
    scanner_.advance();
    auto right = (this->*next)();
    for (const auto* side : {&left, &right}) need(*side, Type::truth, word);
    return joined(op, Type::truth, {std::move(left), std::move(right)});
  }

  Expression negation() {
    if (!scanner_.take("not")) return comparison();
    const Depth deeper(*this);
    auto inner = negation();
    need(inner, Type::truth, "not");
    return joined(Op::negation, Type::truth, {std::move(inner)});
  }

  Expression comparison() {
    static const std::map<std::string, Op, std::less<>> relations{{"==", Op::equal},  {"!=", Op::unequal},
                                                                  {"<", Op::less},    {"<=", Op::at_most},
                                                                  {">", Op::greater}, {">=", Op::at_least}};
    auto left = sum();
    const auto found = relations.find(scanner_.now().text);
    if (scanner_.now().kind != Symbol::Kind::sign || found == relations.end()) return left;
    scanner_.advance();
    auto right = sum();
    if (scanner_.now().kind == Symbol::Kind::sign && relations.contains(scanner_.now().text)) {
      wrong("two comparisons in a row; join them with and: a < b and b < c");
    }
    agree(left, right, found->second, found->first);
    return joined(found->second, Type::truth, {std::move(left), std::move(right)});
  }

  /// Both sides of a comparison must be of one kind, and a label must be one that the choice has.
  void agree(const Expression& left, const Expression& right, Op op, const std::string& sign) {
    if (op != Op::equal && op != Op::unequal) {
      for (const auto* side : {&left, &right}) need(*side, Type::number, sign);
    }
    if (left.type != right.type) wrong("{} cannot be compared with {}", name_of(left.type), name_of(right.type));
    for (const auto& [choice, label] : {std::pair{&left, &right}, std::pair{&right, &left}}) {
      if (choice->op != Op::parameter || label->op != Op::label) continue;
      const auto& known = choice->labels;
      if (std::find(known.begin(), known.end(), label->text) != known.end()) continue;
      const auto nearest = base::nearest_word(label->text, known);
      wrong("{} is never \"{}\"{}; it is one of {}", choice->text, label->text,
            nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), base::join(known, ", "));
    }
  }

  Expression sum() {
    auto left = product();
    while (scanner_.is("+") || scanner_.is("-")) {
      left = calculated(scanner_.is("+") ? Op::add : Op::subtract, std::move(left), &Parser::product);
    }
    return left;
  }

  Expression product() {
    auto left = factor();
    while (scanner_.is("*") || scanner_.is("/") || scanner_.is("%")) {
      const auto op = scanner_.is("*") ? Op::multiply : scanner_.is("/") ? Op::divide : Op::remainder;
      left = calculated(op, std::move(left), &Parser::factor);
    }
    return left;
  }

  Expression calculated(Op op, Expression left, Expression (Parser::*next)()) {
    const auto sign = scanner_.now().text;
    scanner_.advance();
    auto right = (this->*next)();
    for (const auto* side : {&left, &right}) need(*side, Type::number, sign);
    if ((op == Op::divide || op == Op::remainder) && constant_of(right) == 0.0)
      wrong("{} 0 is a division by zero", sign);
    return joined(op, Type::number, {std::move(left), std::move(right)});
  }

  Expression factor() {
    const Depth deeper(*this);
    const auto symbol = scanner_.now();
    if (scanner_.take("(")) return closed(disjunction());
    if (scanner_.take("-")) {
      auto inner = factor();
      need(inner, Type::number, "-");
      return joined(Op::negative, Type::number, {std::move(inner)});
    }
    switch (symbol.kind) {
      case Symbol::Kind::number:
        scanner_.advance();
        return constant(symbol.number);
      case Symbol::Kind::quoted:
        scanner_.advance();
        return quoted(symbol);
      case Symbol::Kind::word:
        return word(symbol.text);
      default:
        wrong("expected a number or a parameter's name {}", scanner_.place());
    }
  }

  Expression closed(Expression inner) {
    if (!scanner_.take(")")) wrong("a closing parenthesis is missing");
    return inner;
  }

  static Expression constant(double number) {
    Expression result;
    result.number = number;
    return result;
  }

  Expression word(const std::string& text) {
    if (text == "and" || text == "or" || text == "not")
      wrong("expected a number or a parameter's name {}", scanner_.place());
    scanner_.advance();
    if (scanner_.is("(")) return call(text);
    if (text == "true" || text == "false") {
      auto result = constant(text == "true");
      result.op = Op::truth;
      result.type = Type::truth;
      return result;
    }
    return name(text);
  }

  Expression quoted(const Symbol& symbol) {
    if (symbol.quote == '\'' && dictionary_(symbol.text)) return name(symbol.text);
    Expression result;
    result.op = Op::label;
    result.type = Type::label;
    result.text = symbol.text;
    return result;
  }

  Expression name(const std::string& text) {
    auto meaning = dictionary_(text);
    if (!meaning) unknown_(text);
    if (meaning->fixed) return constant(*meaning->fixed);
    if (meaning->type == Type::label && meaning->labels.empty())
      wrong("{} is a subset, and subsets cannot be compared; search one choice of true and false per item instead",
            text);
    Expression result;
    result.op = Op::parameter;
    result.type = meaning->type;
    result.text = text;
    result.parameter = *meaning->parameter;
    result.labels = std::move(meaning->labels);
    return result;
  }

  Expression call(const std::string& function) {
    scanner_.advance();
    if (function == "active") return active();
    std::vector<Expression> inputs;
    do {
      inputs.push_back(function == "value" ? sum() : disjunction());
      if (inputs.size() > longest) wrong("too many values in {}(..)", function);
    } while (scanner_.take(","));
    if (!scanner_.take(")")) wrong("a closing parenthesis is missing");
    if (function == "value") return value(std::move(inputs));
    const bool minimum = function == "min", absolute = function == "abs";
    if (!minimum && !absolute && function != "max")
      wrong("there is no function {}; there are min, max, abs, active and value", function);
    for (const auto& input : inputs) need(input, Type::number, function);
    if (absolute && inputs.size() != 1) wrong("abs takes one number");
    return joined(absolute ? Op::absolute : minimum ? Op::minimum : Op::maximum, Type::number, std::move(inputs));
  }

  Expression value(std::vector<Expression> inputs) {
    if (inputs.size() != 2) wrong("value takes two: a parameter, and what counts where it does not exist");
    if (inputs[0].type != inputs[1].type) {
      wrong("value gives {} or {}; both must be of one kind", name_of(inputs[0].type), name_of(inputs[1].type));
    }
    const auto type = inputs[0].type;
    return joined(Op::value, type, std::move(inputs));
  }

  Expression active() {
    const auto symbol = scanner_.now();
    if (symbol.kind != Symbol::Kind::word && symbol.kind != Symbol::Kind::quoted)
      wrong("active takes the name of a parameter");
    scanner_.advance();
    const auto meaning = dictionary_(symbol.text);
    if (!meaning) unknown_(symbol.text);
    if (!meaning->parameter) wrong("{} is not searched, so it is always active", symbol.text);
    Expression result;
    result.op = Op::active;
    result.type = Type::truth;
    result.parameter = *meaning->parameter;
    return closed(std::move(result));
  }

  static void need(const Expression& expression, Type type, const std::string& around) {
    if (expression.type == type) return;
    const bool number = type == Type::number;
    if (number && expression.op == Op::parameter)
      wrong("{} has no number to compare or to calculate with", expression.text);
    wrong("{} needs {} on each side, not {}", around, number ? "numbers" : "comparisons", name_of(expression.type));
  }

  struct Depth {
    explicit Depth(Parser& of) : parser(of) {
      if (++parser.depth_ > deepest_expression) wrong("it is nested too deeply");
    }
    Depth(const Depth&) = delete;             // counts
    Depth& operator=(const Depth&) = delete;  // counts
    ~Depth() { --parser.depth_; }
    Parser& parser;
  };

  Scanner scanner_;
  const Dictionary& dictionary_;
  const Complaint& unknown_;
  int depth_ = 0;
};

}  // namespace

Expression parse_expression(std::string_view text, const Dictionary& dictionary, const Complaint& unknown) {
  if (text.size() > longest) wrong("it is longer than {} characters", longest);
  return Parser(text, dictionary, unknown).run();
}

}  // namespace assay::space
